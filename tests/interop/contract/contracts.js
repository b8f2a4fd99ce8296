'use strict';
// Contracts as a developer has them: folders with their packages installed, deployed by weft's commands.
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const newest = 'shim25';
/** node_modules of one of shim25, shim24 and shim22. */
const packages = (shim = newest) => path.resolve(process.env.WEFT_INTEROP_PACKAGES, shim, 'node_modules');
const scratch = process.env.WEFT_INTEROP_SCRATCH;
let copies = 0;

/** A copy of contracts/NAME with its packages, which a test may change. Gives its folder. */
function checkout(name, shim = newest) {
  const folder = path.join(scratch, `checkout-${++copies}`, name);
  fs.cpSync(path.join(__dirname, 'contracts', name), folder, { recursive: true });
  fs.symlinkSync(packages(shim), path.join(folder, 'node_modules'));
  return folder;
}

/** A package of source code, as Fabric's command line makes it: metadata.json and code.tar.gz with src/. Gives its file. */
function packed(folder, label, type) {
  const made = path.join(folder, '..', `package-${label}`);
  fs.mkdirSync(path.join(made, 'src'), { recursive: true });
  for (const file of ['index.js', 'package.json']) fs.copyFileSync(path.join(folder, file), path.join(made, 'src', file));
  execFileSync('tar', ['czf', 'code.tar.gz', 'src'], { cwd: made });
  fs.writeFileSync(path.join(made, 'metadata.json'), JSON.stringify({ path: '', type, label }));
  execFileSync('tar', ['czf', `${label}.tar.gz`, 'metadata.json', 'code.tar.gz'], { cwd: made });
  return path.join(made, `${label}.tar.gz`);
}

/** Changes a file as an editor does; `from` has to be in it. */
function edit(file, from, to) {
  const before = fs.readFileSync(file, 'utf8');
  if (!before.includes(from)) throw new Error(`${file} has no ${from}`);
  fs.writeFileSync(file, before.replace(from, to));
}

/** `weft chaincode deploy --json`. */
const deploy = async (network, ...args) => JSON.parse(await network.command('chaincode', 'deploy', '--json', ...args));
const list = async (network) => JSON.parse(await network.command('chaincode', 'list', '--json'));
/** The processes of packages that are called so. */
const processesOf = async (network, label) => (await list(network)).processes.filter((p) => p.label === label);

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Until `holds` gives something; for what has no event to wait for. */
async function eventually(what, holds, seconds = 60) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > until) throw new Error(`not within ${seconds} s: ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Until a contract answers so: a submit waits for the commit at its own peer, and others come after. */
async function answers(contract, expected, name, ...args) {
  let last;
  await eventually(() => `${name} answers ${last} instead of ${expected}`, async () => (last = Buffer.from(await contract.evaluateTransaction(name, ...args)).toString()) === expected);
}

/**
 * A call right after its contract was started. It waits as long as a peer dials, 10 s; where Node needs more than that to start, it is made again.
 * One that fails sooner has failed.
 */
async function patiently(call) {
  for (let left = 10; ; --left) {
    const begun = Date.now();
    try {
      return await call();
    } catch (error) {
      if (left === 0 || Date.now() - begun < 9_500 || !said(error).some((one) => one.includes('could not launch chaincode'))) throw error;
    }
  }
}

/** What the endorsers said, of an error of the SDK: the messages of its details, without those that say the same. */
const said = (error) => [...new Set((error.details ?? []).map((d) => d.message))];

module.exports = { alive, answers, checkout, deploy, edit, eventually, list, packages, packed, patiently, processesOf, said };

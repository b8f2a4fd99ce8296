'use strict';
// weft chaincode dev: what is saved is what the next transaction runs. And a network that goes and comes back, with its contracts.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { Network, text, unique } = require('../gateway/network');
const { alive, answers, checkout, deploy, edit, eventually, list, patiently, processesOf } = require('./contracts');

/** A command whose output is read line by line. */
class Session {
  constructor(network, ...args) {
    this.process = spawn(network.weft, [...args, '--dir', network.folder]);
    this.out = '';
    this.read = 0;
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (data) => { this.out += data; });
  }
  /** The next output that looks so, after what was read before. */
  async next(pattern) {
    return eventually(() => `${pattern} in ${this.out}`, () => {
      const found = this.out.slice(this.read).match(pattern);
      if (found) this.read += found.index + found[0].length;
      return found;
    }, 120);
  }
  async end(signal) {
    this.process.kill(signal);
    const [code] = await once(this.process, 'exit');
    return code;
  }
}

module.exports = async (t, network) => {
  const folder = checkout('assets'), file = path.join(folder, 'index.js');
  const kept = checkout('assets');
  await deploy(network, kept, '--name', 'kept');
  const contractOf = (on, name) => on.gateway('Org1').getNetwork('mychannel').getContract(name);
  const developed = contractOf(network, 'developed');
  const session = new Session(network, 'chaincode', 'dev', folder, '--name', 'developed');
  t.after(() => session.process.kill('SIGKILL'));
  await session.next(/Watching .*Ctrl-C/);
  const version = async () => text(await developed.evaluateTransaction('version'));
  const sequence = async () => (await list(network)).contracts.find((c) => c.name === 'developed').sequence;

  await t.test('a save is what the next transaction runs, without a new sequence', async () => {
    assert.equal(await version(), 'one');
    const key = unique('dev');
    await developed.submitTransaction('put', key, 'before');
    for (const [from, to] of [['one', 'two'], ['two', 'three']]) {
      edit(file, `return '${from}'`, `return '${to}'`);
      const [, pid] = await session.next(/index\.js: developed runs anew after \d+ ms, process (\d+)/);
      assert.equal(await version(), to);
      assert.equal(text(await developed.evaluateTransaction('pid')), pid);
    }
    assert.equal(text(await developed.submitTransaction('put', key, 'after')), `put ${key}`);
    assert.equal(await sequence(), 1);
  });

  await t.test('as editors save: a new file that takes the old one\'s name, and files beside it', async () => {
    fs.writeFileSync(path.join(folder, 'helper.js'), "module.exports = 'helped';");
    await session.next(/helper\.js: developed runs anew/);
    const text4 = fs.readFileSync(file, 'utf8').replace("return 'three'", "return require('./helper')");
    fs.writeFileSync(`${file}.tmp`, text4);
    fs.renameSync(`${file}.tmp`, file);
    await session.next(/developed runs anew/);
    assert.equal(await version(), 'helped');
  });

  await t.test('a mistake is shown, and the next save runs again', async () => {
    edit(file, "'use strict';", "'use strict'; ((");
    await session.next(/index\.js: .*\n?(.*\n)*.*SyntaxError/);
    edit(file, "'use strict'; ((", "'use strict';");
    await session.next(/index\.js: developed runs anew/);
    assert.equal(await version(), 'helped');
  });

  await t.test('Ctrl-C ends the watching, not the contract', async () => {
    assert.equal(await session.end('SIGINT'), 0);
    assert.equal(await version(), 'helped');
  });

  await t.test('a network that was down has its contracts again', async () => {
    const key = unique('kept');
    const before = contractOf(network, 'kept');
    await before.submitTransaction('put', key, 'through the night');
    const processes = (await list(network)).processes;
    assert.ok(processes.length >= 2);
    const ports = new URL(network.profiles.Org1.orderers['orderer0.example.com'].url.replace('grpcs:', 'https:')).port;
    network.close();
    await network.command('down');
    for (const { pid, label } of processes) await eventually(`${label} has ended`, () => pid === 0 || !alive(pid));
    await network.command('up', '--ports', ports, '--detach');
    const again = new Network(network.folder, network.weft);
    try {
      assert.equal(text(await patiently(() => contractOf(again, 'kept').evaluateTransaction('get', key))), 'through the night');  // the first call, at once
      assert.equal(text(await contractOf(again, 'kept').submitTransaction('put', key, 'morning')), `put ${key}`);
      assert.equal(text(await patiently(() => contractOf(again, 'developed').evaluateTransaction('version'))), 'helped');
      const now = (await list(again)).processes;
      assert.deepEqual(now.map((p) => [p.label, p.package_id, p.address]).sort(), processes.map((p) => [p.label, p.package_id, p.address]).sort());
      const [found] = await processesOf(again, 'kept_1.0.0');
      assert.ok(alive(found.pid));
      await answers(again.gateway('Org2').getNetwork('mychannel').getContract('kept'), 'morning', 'get', key);
    } finally {
      again.close();
    }
  });
};

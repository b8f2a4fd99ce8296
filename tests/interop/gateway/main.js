'use strict';
// node main.js WEFT NETWORK_FOLDER SUITE…: an application on the real SDK, against a network that runs. SUITE: a file beside this one, or ../contract/NAME; A+B: side by side.
const path = require('node:path');
const { after, test } = require('node:test');
const { Network } = require('./network');

const [weft, folder, ...suites] = process.argv.slice(2);
const version = (name) => {
  let at = path.dirname(require.resolve(name));
  for (;;) {
    try {
      const found = require(path.join(at, 'package.json'));
      if (found.name === name) return `${name} ${found.version}`;
    } catch { /* not yet */ }
    at = path.dirname(at);
  }
};
console.log(`# ${version('@hyperledger/fabric-gateway')}, ${version('@grpc/grpc-js')}, node ${process.version}`);

async function run(t, name) {
  const network = new Network(folder, weft);
  try {
    await require(`./${name}`)(t, network);
  } finally {
    network.close();
  }
}
for (const names of suites) {
  const each = names.split('+');
  const called = (name) => path.basename(name);
  if (each.length === 1) test(called(names), (t) => run(t, names));
  else test(each.map(called).join(' and '), { concurrency: true }, (t) => Promise.all(each.map((name) => t.test(called(name), { concurrency: false }, (inner) => run(inner, name)))));
}
// A test that failed may leave a stream open; that is no reason to wait.
after(() => setTimeout(() => process.exit(), 5000).unref());

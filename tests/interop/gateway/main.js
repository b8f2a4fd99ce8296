'use strict';
// node main.js WEFT NETWORK_FOLDER SUITE…: an application on the real SDK, against a network that runs.
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

for (const name of suites) {
  test(name, async (t) => {
    const network = new Network(folder, weft);
    try {
      await require(`./${name}`)(t, network);
    } finally {
      network.close();
    }
  });
}
// A test that failed may leave a stream open; that is no reason to wait.
after(() => setTimeout(() => process.exit(), 5000).unref());

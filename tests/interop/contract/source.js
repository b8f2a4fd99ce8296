'use strict';
// Packages of source code for Node: the network installs what they need and runs them.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { text, unique } = require('../gateway/network');
const { alive, checkout, deploy, edit, packed, patiently, processesOf } = require('./contracts');

module.exports = async (t, network) => {
  const folder = checkout('ledger');
  const contract = network.gateway('Org1').getNetwork('mychannel').getContract('source');
  const key = unique('source');
  let running;

  await t.test('deploy takes the package, and the network runs its contract', async () => {
    const made = await deploy(network, packed(folder, 'source_1.0', 'node'));
    assert.equal(made.name, 'source');
    assert.match(made.address, /^127\.0\.0\.1:\d+$/);
    [running] = await processesOf(network, 'source_1.0');
    assert.equal(running.package_id, made.package_id);
    assert.equal(running.path, path.join(network.folder, 'contracts', 'packages', made.package_id.replace(':', '.'), 'start'));
    assert.equal(running.starts, 1);
    await contract.submitTransaction('put', key, 'one');
    assert.equal(text(await contract.evaluateTransaction('get', key)), 'one');
  });

  await t.test('one that dies is started again, without installing again', async () => {
    const [before] = await processesOf(network, 'source_1.0');
    process.kill(before.pid, 'SIGKILL');
    assert.equal(text(await patiently(() => contract.evaluateTransaction('get', key))), 'one');
    assert.ok(!alive(before.pid));
    assert.equal(fs.readFileSync(before.log, 'utf8').match(/installing what package\.json names/g).length, 1);
  });

  await t.test('who deploys one that cannot be installed hears what npm said', async () => {
    edit(path.join(folder, 'package.json'), '"fabric-shim": "2.5.8"', '"fabric-shim": "2.5.8", "left": "file:./nowhere.tgz"');
    await assert.rejects(deploy(network, packed(folder, 'broken_1.0', 'node')), /exited with [1-9][^]*nowhere\.tgz/);
  });
};

'use strict';
// Contracts that were written years ago, on the shims of their time.
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { failure, take, text, unique, MiB } = require('../gateway/network');
const { checkout, deploy, packages, said } = require('./contracts');

/** The same contract on each, and how that shim puts an exception. */
const shims = [
  { shim: 'shim24', version: '2.4.2', error: (message) => `chaincode response 500, ${message}` },
  { shim: 'shim22', version: '2.2.3', error: (message) => `error in simulation: transaction returned with failure: Error: ${message}` },
];

module.exports = async (t, network) => {
  for (const { shim, version, error } of shims) {
    await t.test(`fabric-shim ${version}`, async () => {
      assert.equal(require(`${packages(shim)}/fabric-shim/package.json`).version, version);
      const made = await deploy(network, checkout('ledger', shim), '--name', shim);
      assert.ok(made.functions.includes('range') && made.functions.includes('privateRange'), made.functions.join());
      const channel = network.gateway('Org1').getNetwork('mychannel'), contract = channel.getContract(shim);
      const ask = async (...args) => text(await contract.evaluateTransaction(...args));
      const plainly = (says) => says.replace(/[0-9a-f]{64}/g, 'TX');
      const refusal = async (...args) => plainly(said(await failure(contract.evaluateTransaction(...args))).join());

      const key = unique('older');
      const { blockNumber } = await (await contract.submitAsync('put', { arguments: [`${key}-ä`, 'one', `${key}-b`, 'two', `${key}-c`, 'three'] })).getStatus();
      assert.deepEqual(JSON.parse(await ask('range', key, `${key}~`)), [[`${key}-b`, 'two'], [`${key}-c`, 'three'], [`${key}-ä`, 'one']]);
      assert.deepEqual(JSON.parse(await ask('page', key, `${key}~`, '2', '')), { keys: [`${key}-b`, `${key}-c`], count: 2, bookmark: `${key}-ä` });
      await contract.submitTransaction('del', `${key}-b`);
      assert.deepEqual(JSON.parse(await ask('history', `${key}-b`)).map(([, , deleted, value]) => [deleted, value]), [[true, ''], [false, 'two']]);
      await contract.submitTransaction('put', ...Array.from({ length: 150 }, (_, n) => [`${key}#${1000 + n}`, 'x']).flat());
      assert.deepEqual(JSON.parse(await ask('countByHand', `${key}#`, `${key}$`)), [150, `${key}#1000`, `${key}#1149`]);
      await contract.submitTransaction('putComposite', key, 'red', '1', 'a');
      assert.deepEqual(JSON.parse(await ask('partial', key, 'red')), [['red,1', 'a']]);
      await contract.submitTransaction('putBytes', key, String(MiB));
      assert.equal(await ask('digest', key), `${MiB} ${crypto.createHash('sha256').update(Buffer.alloc(MiB, 'weft')).digest('hex')}`);

      await contract.submitTransaction('event', 'Old', 'but gold');
      const [event] = await take(await channel.getChaincodeEvents(shim, { startBlock: blockNumber }), 1);
      assert.deepEqual([event.eventName, text(event.payload)], ['Old', 'but gold']);

      const collection = '_implicit_org_Org1MSP';
      await contract.submit('putPrivate', { arguments: [collection, key], transientData: { value: 'a secret' }, endorsingOrganizations: ['Org1MSP'] });
      assert.equal(await ask('getPrivate', collection, key), 'a secret');
      await contract.submitTransaction('restrict', `${key}-c`, 'Org2MSP');
      assert.deepEqual(JSON.parse(await ask('restrictedTo', `${key}-c`)), ['Org2MSP']);

      assert.equal(await refusal('rich', '{}'), error('GET_QUERY_RESULT failed: transaction ID: TX: ExecuteQuery not supported for leveldb'));
      assert.equal(await refusal('eventAndFail', 'e'), error('no event'));
      assert.equal(await refusal('nope'), error("You've asked to invoke a function that does not exist: nope"));
      const thrown = plainly(said(await failure(contract.submitTransaction('eventAndFail', 'e'))).join());
      assert.equal(thrown, error('no event'));
    });
  }
};

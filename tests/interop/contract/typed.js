'use strict';
// A contract as TypeScript's compiler leaves it: a scoped name, types that contract-api checks, two contracts in one package, steps before and after.
const assert = require('node:assert/strict');
const { failure, take, text } = require('../gateway/network');
const { checkout, deploy, said } = require('./contracts');

module.exports = async (t, network) => {
  const made = await deploy(network, checkout('typed'));
  const channel = network.gateway('Org1').getNetwork('mychannel');
  const contract = channel.getContract(made.name);
  const audit = channel.getContract(made.name, 'org.example.Audit');

  await t.test('names and versions become what Fabric takes', () => {
    assert.deepEqual([made.name, made.version, made.functions], ['Typed-contract', '1.2.3-beta.1+build', ['create', 'read', 'org.example.Audit:count']]);
    assert.match(made.package_id, /^Typed-contract_1\.2\.3-beta\.1\+build:/);
  });

  await t.test('types are those that were declared', async () => {
    const asset = { id: 'a1', value: 21, sealed: true };
    const { blockNumber } = await (async () => {
      const commit = await contract.submitAsync('create', { arguments: [JSON.stringify(asset), '2'] });
      assert.equal(text(commit.getResult()), '42');
      return commit.getStatus();
    })();
    assert.deepEqual(JSON.parse(text(await contract.evaluateTransaction('read', 'a1'))), { ...asset, value: 42 });
    const [event] = await take(await channel.getChaincodeEvents(made.name, { startBlock: blockNumber }), 1);
    assert.deepEqual(JSON.parse(text(event.payload)), ['before create', 'create', 42]);
    const wrong = said(await failure(contract.submitTransaction('create', JSON.stringify({ ...asset, value: 'much' }), '2'))).join();
    assert.equal(wrong, 'chaincode response 500, Unable to validate parameter due to ["should be number"]');
  });

  await t.test('the other contract of the package', async () => {
    assert.equal(text(await audit.evaluateTransaction('count')), '1');
    assert.equal(text(await contract.evaluateTransaction('org.example.Audit:count')), '1');
    assert.deepEqual(said(await failure(contract.evaluateTransaction('count'))), ['chaincode response 500, nobody does count']);
  });
};

'use strict';
// More than one channel.
const assert = require('node:assert/strict');
const { failure, grpc, sdk, take, text, unique } = require('./network');

module.exports = async (t, network) => {
  const trade = 'trade';
  await network.command('channel', 'create', trade, '--orgs', 'Org1,Org2', '--contracts', 'kv');
  const [org1, org2] = ['Org1', 'Org2'].map((org) => network.gateway(org));
  const there = (gateway) => gateway.getNetwork(trade).getContract('kv');

  await t.test('a key of one channel is none of the other', async () => {
    const key = unique('trade');
    await there(org1).submitTransaction('put', key, 'here');
    assert.equal(text(await there(org2).evaluateTransaction('get', key)), 'here');
    assert.equal(text(await org1.getNetwork('mychannel').getContract('kv').evaluateTransaction('get', key)), '');
  });

  await t.test('a contract of one channel only', async () => {
    const error = await failure(org1.getNetwork(trade).getContract('mycc').evaluateTransaction('query', 'a'));
    assert.equal(error.code, grpc.status.FAILED_PRECONDITION);
    assert.equal(error.cause.details, 'no peers available to evaluate chaincode mycc in channel trade');
  });

  await t.test('events of one channel', async () => {
    const name = unique('event');
    const coming = take(await org1.getNetwork(trade).getChaincodeEvents('kv'), 1);
    await org1.getNetwork('mychannel').getContract('kv').submitTransaction('event', unique('elsewhere'), '');
    await there(org1).submitTransaction('event', name, '');
    assert.deepEqual((await coming).map((e) => e.eventName), [name]);
    const [block] = await take(await org2.getNetwork(trade).getFilteredBlockEvents({ startBlock: 0n }), 1);
    assert.equal(block.getChannelId(), trade);
  });

  await t.test('a commit of one channel', async () => {
    const commit = await there(org1).submitAsync('put', { arguments: [unique('commit'), 'x'] });
    assert.equal((await commit.getStatus()).code, sdk.StatusCode.VALID);
  });
};

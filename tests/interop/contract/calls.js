'use strict';
// Contracts that call one another: here, elsewhere, compiled in, not at all.
const assert = require('node:assert/strict');
const { failure, text, unique, sdk, take } = require('../gateway/network');
const { checkout, deploy, said } = require('./contracts');

module.exports = async (t, network) => {
  const side = 'side';
  await network.command('channel', 'create', side, '--orgs', 'Org1,Org2', '--contracts', 'kv');
  const caller = checkout('assets'), callee = checkout('ledger');
  await deploy(network, caller, '--name', 'caller');
  await deploy(network, callee, '--name', 'callee');
  await deploy(network, callee, '--name', 'callee', '--channel', side);
  const gateway = network.gateway('Org1');
  const [here, there] = ['mychannel', side].map((channel) => gateway.getNetwork(channel));
  const contract = here.getContract('caller');
  const call = async (submit, ...args) => JSON.parse(text(await (submit ? contract.submitTransaction('call', ...args) : contract.evaluateTransaction('call', ...args))));
  const ok = (payload) => ({ status: 200, message: '', payload });

  await t.test('what a contract of the channel writes, is written', async () => {
    const key = unique('called');
    assert.deepEqual(await call(true, 'callee', '', 'put', key, 'by a caller'), ok(''));
    assert.equal(text(await here.getContract('callee').evaluateTransaction('get', key)), 'by a caller');
    assert.equal(text(await contract.evaluateTransaction('get', key)), '');  // its own namespace
    assert.deepEqual(await call(false, 'callee', '', 'get', key), ok('by a caller'));
    assert.deepEqual(await call(true, 'callee', 'mychannel', 'put', key, 'again'), ok(''));
    assert.equal(text(await here.getContract('callee').evaluateTransaction('get', key)), 'again');
  });

  await t.test('what both read is checked', async () => {
    const key = unique('conflict');
    await here.getContract('callee').submitTransaction('put', key, '0');
    const endorsed = await contract.newProposal('call', { arguments: ['callee', '', 'ownWrites', key, 'mine'] }).endorse();
    await here.getContract('callee').submitTransaction('put', key, 'quicker');
    const status = await (await endorsed.submit()).getStatus();
    assert.equal(status.code, sdk.StatusCode.MVCC_READ_CONFLICT);
  });

  await t.test('another channel is read, not written', async () => {
    const key = unique('aside');
    const other = there.getContract('callee');
    await other.submitTransaction('put', key, 'aside');
    assert.deepEqual(await call(false, 'callee', side, 'get', key), ok('aside'));
    assert.deepEqual(await call(true, 'callee', side, 'put', key, 'changed'), ok(''));
    assert.equal(text(await other.evaluateTransaction('get', key)), 'aside');
    assert.equal(text(await here.getContract('callee').evaluateTransaction('get', key)), '');
    const about = JSON.parse((await call(false, 'callee', side, 'about', 'x')).payload);
    assert.deepEqual([about.channel, about.fcn, about.params], [side, 'about', ['x']]);
  });

  await t.test('contracts that are compiled in, from outside', async () => {
    const [a, b] = [unique('a'), unique('b')];
    assert.deepEqual(await call(true, 'mycc', '', 'init', a, '100', b, '200'), ok(''));
    assert.deepEqual(await call(true, 'mycc', '', 'invoke', a, b, '7'), ok(''));
    assert.deepEqual(await call(false, 'mycc', '', 'query', a), ok('93'));
    assert.equal(text(await here.getContract('mycc').evaluateTransaction('query', b)), '207');
  });

  await t.test('three in a row', async () => {
    await deploy(network, caller, '--name', 'middle');
    const key = unique('nested');
    const nested = await call(true, 'middle', '', 'call', 'callee', '', 'put', key, 'from afar');
    assert.deepEqual([nested.status, JSON.parse(nested.payload)], [200, ok('')]);
    assert.equal(text(await here.getContract('callee').evaluateTransaction('get', key)), 'from afar');
  });

  await t.test('the caller\'s event is the transaction\'s', async () => {
    const { blockNumber } = await (await contract.submitAsync('put', { arguments: [unique('before'), 'x'] })).getStatus();
    await call(true, 'callee', '', 'event', unique('inner'), 'lost');
    await here.getContract('callee').submitTransaction('event', 'outer', 'heard');
    const [event] = await take(await here.getChaincodeEvents('callee', { startBlock: blockNumber }), 1);
    assert.equal(event.eventName, 'outer');
  });

  await t.test('what a called contract refuses, its caller hears', async () => {
    const refused = { status: 500, message: 'no event', payload: '' };
    assert.deepEqual(await call(true, 'callee', '', 'eventAndFail', 'e'), refused);  // the caller goes on, as it pleases
    assert.deepEqual(await call(false, 'callee', side, 'eventAndFail', 'e'), refused);
    assert.equal((await call(false, 'mycc', '', 'query', unique('nobody'))).status, 500);
  });

  await t.test('contracts and channels that there are not, and itself', async () => {
    const refusal = async (...args) => said(await failure(contract.evaluateTransaction('call', ...args))).join('\n');
    const failed = 'chaincode response 500, INVOKE_CHAINCODE failed: transaction ID: TX: ';
    const plainly = (says) => says.replace(/[0-9a-f]{64}/g, 'TX');
    assert.equal(plainly(await refusal('nowhere', '', 'get', 'k')),
                 `${failed}execute failed: invalid invocation: [channel mychannel] failed to get chaincode container info for nowhere: chaincode nowhere not found`);
    assert.equal(plainly(await refusal('mycc', side, 'query', 'a')),
                 `${failed}execute failed: invalid invocation: [channel side] failed to get chaincode container info for mycc: chaincode mycc not found`);
    assert.equal(plainly(await refusal('callee', 'nochannel', 'get', 'k')), `${failed}failed to find ledger for channel: nochannel`);
    assert.equal(plainly(await refusal('caller', '', 'version')), `${failed}execute failed: error sending: txid: TX(mychannel) exists: caller is already running`);
  });

  await t.test('contracts that are compiled in call no others', async () => {
    const error = await failure(here.getContract('kv').submitTransaction('call', 'callee', 'put', 'k', 'v'));
    assert.match(said(error).join(), /contract callee runs outside of the peer's process, and a contract that is compiled into the peer cannot wait for it/);
  });
};

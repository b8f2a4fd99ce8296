'use strict';
// Chaincode events, with checkpoints; blocks in their three forms.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { failure, grpc, sdk, take, text, unique } = require('./network');

module.exports = async (t, network) => {
  const gateway = network.gateway('Org1');
  const channel = gateway.getNetwork('mychannel'), kv = channel.getContract('kv');
  const emit = async (name, payload = '') => {
    const commit = await kv.submitAsync('event', { arguments: [name, payload] });
    const status = await commit.getStatus();
    assert.ok(status.successful);
    return status;
  };
  const names = (events) => events.map((e) => e.eventName);

  await t.test('from the next commit on', async () => {
    const before = unique('before'), after = unique('after');
    await emit(before);
    const events = await channel.getChaincodeEvents('kv');
    const coming = take(events, 1);
    const status = await emit(after, 'bytes');
    const [event] = await coming;
    assert.deepEqual({ ...event, payload: text(event.payload) },
                     { blockNumber: status.blockNumber, transactionId: status.transactionId, chaincodeName: 'kv', eventName: after, payload: 'bytes' });
  });

  await t.test('from a block on, in the order of the chain, of one contract only', async () => {
    const wanted = [unique('e1'), unique('e2'), unique('e3')];
    const first = await emit(wanted[0]);
    await channel.getContract('basic').submitTransaction('InitLedger');
    await emit(wanted[1]);
    await emit(wanted[2]);
    assert.deepEqual(names(await take(await channel.getChaincodeEvents('kv', { startBlock: first.blockNumber }), 3)), wanted);
  });

  await t.test('from a block that does not exist yet', async () => {
    const name = unique('future');
    const here = await emit(unique('now'));
    const events = await channel.getChaincodeEvents('kv', { startBlock: here.blockNumber + 2n });
    const coming = take(events, 1);
    await emit(unique('too early'));
    await emit(name);
    assert.deepEqual(names(await coming), [name]);
  });

  await t.test('invalid transactions have no events', async () => {
    const name = unique('invalid');
    const first = await emit(unique('start'));
    const transaction = await kv.newProposal('event', { arguments: [name, ''], endorsingOrganizations: ['Org2MSP'] }).endorse();
    const status = await (await transaction.submit()).getStatus();
    assert.equal(status.successful, false);
    const last = unique('end');
    await emit(last);
    const got = names(await take(await channel.getChaincodeEvents('kv', { startBlock: first.blockNumber }), 2));
    assert.ok(got[1] === last, `${got}`);
  });

  await t.test('a checkpoint in the middle: nothing is seen twice, nothing is missed', async () => {
    const wanted = Array.from({ length: 6 }, (_, i) => unique(`checkpoint${i}`));
    const first = await emit(wanted[0]);
    // The others may share blocks: a checkpoint lies between two transactions, not two blocks.
    await Promise.all(wanted.slice(1).map((name) => kv.submitTransaction('event', name, '')));
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'weft-checkpoint-')), 'checkpoint.json');
    const seen = [];
    for (const portion of [1, 2, 2, 1]) {
      const checkpointer = await sdk.checkpointers.file(file);
      const events = await channel.getChaincodeEvents('kv', { startBlock: first.blockNumber, checkpoint: checkpointer });
      for (const event of await take(events, portion)) {
        seen.push(event.eventName);
        await checkpointer.checkpointChaincodeEvent(event);
      }
    }
    assert.equal(seen[0], wanted[0]);
    assert.deepEqual([...seen].sort(), [...wanted].sort());
    fs.rmSync(path.dirname(file), { recursive: true });
  });

  await t.test('a checkpoint of a whole block', async () => {
    const first = await emit(unique('whole')), name = unique('after the block');
    const checkpointer = sdk.checkpointers.inMemory();
    await checkpointer.checkpointBlock(first.blockNumber);
    await emit(name);
    assert.deepEqual(names(await take(await channel.getChaincodeEvents('kv', { checkpoint: checkpointer }), 1)), [name]);
  });

  await t.test('a checkpoint without a block begins with the next commit', async () => {
    const events = await channel.getChaincodeEvents('kv', { checkpoint: sdk.checkpointers.inMemory() });
    const coming = take(events, 1), name = unique('fresh');
    await emit(name);
    assert.deepEqual(names(await coming), [name]);
  });

  await t.test('both organizations\' peers tell the same', async () => {
    const first = await emit(unique('same'));
    const of = async (org) => take(await network.gateway(org).getNetwork('mychannel').getChaincodeEvents('kv', { startBlock: first.blockNumber }), 1);
    const [a, b] = await Promise.all([of('Org1'), of('Org2')]);
    assert.deepEqual(a, b);
  });

  await t.test('a closed stream ends, and the next one works', async () => {
    const events = await channel.getChaincodeEvents('kv');
    setTimeout(() => events.close(), 100);
    const got = [];
    try {
      for await (const event of events) got.push(event);
    } catch (error) {  // some versions say that they were cancelled
      assert.equal(error.code, grpc.status.CANCELLED);
    }
    assert.deepEqual(got, []);
    assert.equal((await take(await channel.getChaincodeEvents('kv', { startBlock: 0n }), 1)).length, 1);
  });

  await t.test('positions that are none', async () => {
    const { gateway: pb, orderer, msp } = require('@hyperledger/fabric-protos');
    const user = network.userOf('Org1'), identity = new msp.SerializedIdentity();
    identity.setMspid(user.identity.mspId);
    identity.setIdBytes(user.identity.credentials);
    for (const [name, set] of [['Oldest', (p) => p.setOldest(new orderer.SeekOldest())], ['Newest', (p) => p.setNewest(new orderer.SeekNewest())]]) {
      const request = new pb.ChaincodeEventsRequest(), position = new orderer.SeekPosition(), signed = new pb.SignedChaincodeEventsRequest();
      set(position);
      request.setChannelId('mychannel');
      request.setChaincodeId('kv');
      request.setIdentity(identity.serializeBinary());
      request.setStartPosition(position);
      signed.setRequest(request.serializeBinary());
      const made = gateway.newChaincodeEventsRequest(signed.serializeBinary());
      const events = await made.getEvents();
      const error = await failure((async () => { for await (const e of events) return e; })());
      assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
      assert.match(error.message, new RegExp(`invalid start position type: .*${name}`));
    }
  });

  await t.test('blocks', async () => {
    const status = await emit(unique('block'));
    const events = await channel.getBlockEvents({ startBlock: status.blockNumber });
    const [block] = await take(events, 1);
    assert.equal(BigInt(block.getHeader().getNumber()), status.blockNumber);
    assert.ok(block.getData().getDataList().length > 0);
    assert.ok(block.getMetadata().getMetadataList().length >= 5);
  });

  await t.test('blocks as they come, from the next on', async () => {
    const coming = take(await channel.getBlockEvents(), 1);
    const status = await emit(unique('coming'));
    const [block] = await coming;
    assert.ok(BigInt(block.getHeader().getNumber()) <= status.blockNumber);
  });

  await t.test('filtered blocks have verdicts and events without payload', async () => {
    const name = unique('filtered');
    const status = await emit(name, 'not to be seen');
    const [block] = await take(await channel.getFilteredBlockEvents({ startBlock: status.blockNumber }), 1);
    assert.equal(block.getChannelId(), 'mychannel');
    const tx = block.getFilteredTransactionsList().find((one) => one.getTxid() === status.transactionId);
    assert.equal(tx.getTxValidationCode(), sdk.StatusCode.VALID);
    const event = tx.getTransactionActions().getChaincodeActionsList()[0].getChaincodeEvent();
    assert.deepEqual([event.getEventName(), event.getChaincodeId(), text(event.getPayload_asU8())], [name, 'kv', '']);
  });

  await t.test('blocks with private data', async () => {
    const status = await emit(unique('private'));
    const [both] = await take(await channel.getBlockAndPrivateDataEvents({ startBlock: status.blockNumber }), 1);
    assert.equal(BigInt(both.getBlock().getHeader().getNumber()), status.blockNumber);
    assert.equal(both.getPrivateDataMapMap().getLength(), 0);
  });

  await t.test('block events with a checkpoint', async () => {
    const checkpointer = sdk.checkpointers.inMemory();
    const seen = [];
    for (let i = 0; i < 3; ++i) {
      const [block] = await take(await channel.getBlockEvents({ startBlock: 1n, checkpoint: checkpointer }), 1);
      seen.push(block.getHeader().getNumber());
      await checkpointer.checkpointBlock(BigInt(block.getHeader().getNumber()));
    }
    assert.deepEqual(seen, [1, 2, 3]);
  });

  await t.test('blocks of an unknown channel', async () => {
    const away = gateway.getNetwork('nochannel');
    for (const open of [() => away.getBlockEvents(), () => away.getFilteredBlockEvents(), () => away.getBlockAndPrivateDataEvents()]) {
      const stream = await open();
      const error = await failure((async () => { for await (const e of stream) return e; })());
      assert.match(error.message, /404/);
    }
  });

  await t.test('blocks for somebody of an unknown organization', async () => {
    const user = network.userOf('Org1');
    const stranger = network.gateway('Org1', { user: { ...user, identity: { ...user.identity, mspId: 'Org9MSP' } } }).getNetwork('mychannel');
    const stream = await stranger.getBlockEvents();
    const error = await failure((async () => { for await (const e of stream) return e; })());
    assert.match(error.message, /403/);
  });
};

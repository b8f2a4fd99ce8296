'use strict';
// Each step signed by somebody else than the application that sends it. After the public scenario feature "offline signing" of fabric-gateway.
const assert = require('node:assert/strict');
const { failure, sdk, submitError, take, text, unique } = require('./network');

module.exports = async (t, network) => {
  const user = network.userOf('Org1');
  // A gateway without a signer: it can send only what was signed elsewhere.
  const gateway = network.gateway('Org1', { user: { identity: user.identity } });
  const channel = gateway.getNetwork('mychannel'), kv = channel.getContract('kv');
  const sign = (signable) => user.signer(signable.getDigest());

  const proposal = async (name, options) => {
    const unsigned = kv.newProposal(name, options);
    return gateway.newSignedProposal(unsigned.getBytes(), await sign(unsigned));
  };

  await t.test('evaluate', async () => {
    assert.equal(text(await (await proposal('get', { arguments: [unique('none')] })).evaluate()), '');
  });

  await t.test('endorse, submit and commit status', async () => {
    const key = unique('offline');
    const unsigned = await (await proposal('put', { arguments: [key, 'signed elsewhere'] })).endorse();
    const signed = gateway.newSignedTransaction(unsigned.getBytes(), await sign(unsigned));
    const pending = await signed.submit();
    const commit = gateway.newSignedCommit(pending.getBytes(), await sign(pending));
    const status = await commit.getStatus();
    assert.ok(status.successful);
    assert.equal(status.transactionId, commit.getTransactionId());
    assert.equal(text(await (await proposal('get', { arguments: [key] })).evaluate()), 'signed elsewhere');
  });

  await t.test('what was made once can be restored and sent', async () => {
    const signedProposal = await proposal('put', { arguments: [unique('restored'), 'x'] });
    const restored = gateway.newProposal(signedProposal.getBytes());
    assert.equal(restored.getTransactionId(), signedProposal.getTransactionId());
    const unsigned = await restored.endorse();
    const transaction = gateway.newTransaction(gateway.newSignedTransaction(unsigned.getBytes(), await sign(unsigned)).getBytes());
    const pending = await transaction.submit();
    const commit = gateway.newCommit(gateway.newSignedCommit(pending.getBytes(), await sign(pending)).getBytes());
    assert.ok((await commit.getStatus()).successful);
  });

  await t.test('chaincode events', async () => {
    const name = unique('event');
    const request = channel.newChaincodeEventsRequest('kv', {});
    const events = await gateway.newSignedChaincodeEventsRequest(request.getBytes(), await sign(request)).getEvents();
    const coming = take(events, 1);
    await network.gateway('Org1').getNetwork('mychannel').getContract('kv').submitTransaction('event', name, 'payload');
    const [event] = await coming;
    assert.deepEqual([event.eventName, text(event.payload), event.chaincodeName], [name, 'payload', 'kv']);
  });

  await t.test('block events, filtered block events, block and private data events', async () => {
    const kinds = [
      [channel.newBlockEventsRequest({ startBlock: 0n }), (b, s) => gateway.newSignedBlockEventsRequest(b, s), (e) => e.getHeader().getNumber()],
      [channel.newFilteredBlockEventsRequest({ startBlock: 0n }), (b, s) => gateway.newSignedFilteredBlockEventsRequest(b, s), (e) => e.getNumber()],
      [channel.newBlockAndPrivateDataEventsRequest({ startBlock: 0n }), (b, s) => gateway.newSignedBlockAndPrivateDataEventsRequest(b, s),
       (e) => e.getBlock().getHeader().getNumber()],
    ];
    for (const [request, signed, number] of kinds) {
      const events = await signed(request.getBytes(), await sign(request)).getEvents();
      assert.deepEqual((await take(events, 3)).map(number), [0, 1, 2]);
    }
  });

  await t.test('a signature by somebody else\'s key is refused at each step', async () => {
    const other = network.userOf('Org2');
    const forge = (signable) => other.signer(signable.getDigest());
    const unsigned = kv.newProposal('put', { arguments: [unique('forged'), 'x'] });
    const forged = gateway.newSignedProposal(unsigned.getBytes(), await forge(unsigned));
    const evaluated = await failure(forged.evaluate());
    assert.equal(evaluated.code, 9);
    assert.match(evaluated.message, /evaluate call to endorser returned error: error validating proposal: access denied: channel \[mychannel\] creator org \[Org1MSP\]/);
    const endorsed = await failure(forged.endorse());
    assert.ok(endorsed instanceof sdk.EndorseError);
    assert.equal(endorsed.code, 10);
    assert.match(endorsed.details[0].message, /^error validating proposal: access denied: channel \[mychannel\] creator org \[Org1MSP\]/);
    const transaction = await gateway.newSignedProposal(unsigned.getBytes(), await sign(unsigned)).endorse();
    const submitted = await failure(gateway.newSignedTransaction(transaction.getBytes(), await forge(transaction)).submit());
    assert.ok(submitted instanceof submitError);
    assert.equal(submitted.code, 10);
    assert.match(submitted.message, /received unsuccessful response from orderer: status=FORBIDDEN, info=/);
    const honest = await gateway.newSignedTransaction(transaction.getBytes(), await sign(transaction)).submit();
    const status = await failure(gateway.newSignedCommit(honest.getBytes(), await forge(honest)).getStatus());
    assert.ok(status instanceof sdk.CommitStatusError);
    assert.equal(status.code, 7);
    const request = channel.newChaincodeEventsRequest('kv', {});
    const events = await gateway.newSignedChaincodeEventsRequest(request.getBytes(), await forge(request)).getEvents();
    const refused = await failure((async () => { for await (const e of events) return e; })());
    assert.equal(refused.code, 7);
  });
};

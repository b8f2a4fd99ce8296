'use strict';
// AtomicBroadcast: interop/06 §1 row by row.
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { common, gateway: gatewaypb } = require('@hyperledger/fabric-protos');
const { grpc, unique } = require('./network');
const { broadcast, envelopeOf, payloadOf, types } = require('./wire');

module.exports = async (t, network) => {
  const user = network.userOf('Org1');
  const client = network.connect('orderer0.example.com');
  const gateway = network.gateway('Org1');
  const channel = gateway.getNetwork('mychannel'), kv = channel.getContract('kv');

  /** A signed transaction as the gateway prepares it. */
  const transaction = async () => {
    const endorsed = await kv.newProposal('put', { arguments: [unique('broadcast'), 'x'] }).endorse();
    const prepared = gatewaypb.PreparedTransaction.deserializeBinary(endorsed.getBytes()).getEnvelope();
    prepared.setSignature(await user.signer(crypto.createHash('sha256').update(prepared.getPayload_asU8()).digest()));
    return { envelope: prepared, id: endorsed.getTransactionId() };
  };
  /** Sends one message; gives [status, info] and how the stream ended after a refusal. */
  const send = async (envelope) => {
    const stream = broadcast(client).write(envelope);
    const answer = await stream.next();
    if (answer === undefined) return { ended: stream.ended };
    if (answer.getStatus() === 200) stream.cancel();
    else await stream.next();
    return { status: answer.getStatus(), info: answer.getInfo(), ended: stream.ended };
  };

  await t.test('what is refused', async () => {
    const noHeader = new common.Envelope();
    noHeader.setPayload(payloadOf(user, { header: null, data: Buffer.from('x') }));
    const stranger = { ...user, identity: { ...user.identity, mspId: 'Org9MSP' } };
    const signed = (options, how) => envelopeOf(options.who ?? user, payloadOf(options.who ?? user, { type: types.MESSAGE, data: Buffer.from('x'), ...options }), how);
    const denied = /^implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied/;
    const rows = [
      ['no payload', new common.Envelope(), 400, /^could not determine channel ID: /],
      ['no header', noHeader, 400, /^could not determine channel ID: /],
      ['an unknown channel', await signed({ channel: 'nochannel' }), 400, /^channel does not exist$/],
      ['an update for an unknown channel', await signed({ channel: 'nochannel', type: types.CONFIG_UPDATE }), 400,
       /^channel creation request not allowed because the orderer system channel is not defined$|^channel does not exist$/],
      ['a configuration', await signed({ type: types.CONFIG }), 400, /^message is of type that cannot be processed directly$/],
      ['an orderer transaction', await signed({ type: types.ORDERER_TRANSACTION }), 400, /^message is of type that is no longer supported$/],
      ['too large', await signed({ data: Buffer.alloc(11 * 1024 * 1024) }), 400, /^message payload is \d+ bytes and exceeds maximum allowed \d+ bytes$/],
      ['size comes before the signature', await signed({ data: Buffer.alloc(11 * 1024 * 1024) }, { spoil: true }), 400, /^message payload is /],
      ['a spoilt signature', await signed({}, { spoil: true }), 403, denied],
      ['somebody of an unknown organization', await signed({ who: stranger }), 403, denied],
      ['an update with a spoilt signature', await signed({ type: types.CONFIG_UPDATE }, { spoil: true }), 403,
       /^config update for existing channel did not pass initial checks: implicit policy evaluation failed - 0 sub-policies/],
      ['junk for an update', await signed({ type: types.CONFIG_UPDATE, data: Buffer.from([0xff]) }), 400, /^error applying config update to existing channel 'mychannel': /],
    ];
    for (const [name, envelope, status, info] of rows) {
      const got = await send(envelope);
      assert.equal(got.status, status, `${name}: ${got.info}`);
      assert.match(got.info, info, name);
      assert.equal(got.ended?.code, grpc.status.OK, name);
    }
  });

  await t.test('one answer for each message, in order', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, transaction));
    const stream = broadcast(client);
    for (const one of all) stream.write(one.envelope);
    for (let i = 0; i < all.length; ++i) assert.equal((await stream.next()).getStatus(), 200);
    stream.end();
    assert.equal(await stream.next(), undefined);
    assert.equal(stream.ended.code, grpc.status.OK);
  });

  await t.test('what the orderer does not look into: a message of no known kind, twice', async () => {
    const envelope = await envelopeOf(user, payloadOf(user, { type: types.MESSAGE, data: Buffer.from('anything') }));
    for (let i = 0; i < 2; ++i) assert.equal((await send(envelope)).status, 200);
  });

  await t.test('after a refusal the client comes again', async () => {
    assert.equal((await send(new common.Envelope())).status, 400);
    assert.equal((await send((await transaction()).envelope)).status, 200);
  });

  await t.test('a replayed transaction is ordered and marked', async () => {
    const { envelope, id } = await transaction();
    assert.equal((await send(envelope)).status, 200);
    assert.equal((await send(envelope)).status, 200);
    const blocks = await channel.getFilteredBlockEvents({ startBlock: 0n });
    const verdicts = [];
    for await (const block of blocks) {
      for (const tx of block.getFilteredTransactionsList()) if (tx.getTxid() === id) verdicts.push(tx.getTxValidationCode());
      if (verdicts.length === 2) break;
    }
    blocks.close();
    assert.deepEqual(verdicts, [0, 9]);  // DUPLICATE_TXID
  });
};

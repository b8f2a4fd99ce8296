'use strict';
// Deliver, of peers and orderers: interop/04 §4 row by row.
const assert = require('node:assert/strict');
const { common } = require('@hyperledger/fabric-protos');
const { grpc, text, unique } = require('./network');
const { deliver, envelopeOf, isStatus, payloadOf, seek, seekInfo, types } = require('./wire');

const BLOCK = 0, HEADER_WITH_SIG = 1, WAIT = 0, FAIL_IF_NOT_READY = 1, STRICT = 0, BEST_EFFORT = 1;
const forever = [Number.MAX_SAFE_INTEGER, '18446744073709551615', '9223372036854775807'];  // Node, Go, Java

module.exports = async (t, network) => {
  const user = network.userOf('Org1');
  const kv = network.gateway('Org1').getNetwork('mychannel').getContract('kv');
  const doors = { orderer: network.connect('orderer0.example.com'), whole: network.connect(network.peer('Org1')) };
  doors.filtered = doors.private = doors.whole;
  const put = async () => (await (await kv.submitAsync('put', { arguments: [unique('deliver'), 'x'] })).getStatus()).blockNumber;
  const numbers = (kind, blocks) => blocks.map((m) => ({
    orderer: () => m.getBlock().getHeader().getNumber(),
    whole: () => m.getBlock().getHeader().getNumber(),
    filtered: () => m.getFilteredBlock().getNumber(),
    private: () => m.getBlockAndPrivateData().getBlock().getHeader().getNumber(),
  })[kind]());
  const ask = async (kind, info, { header = {}, spoil, who = user } = {}) => {
    const payload = payloadOf(who, { type: types.DELIVER_SEEK_INFO, data: info instanceof Uint8Array ? info : seekInfo(info), ...header });
    const got = await seek(doors[kind], kind, await envelopeOf(who, payload, { spoil }));
    return { ...got, numbers: numbers(kind, got.blocks) };
  };

  for (let i = 0; i < 4; ++i) await put();

  for (const kind of ['orderer', 'whole', 'filtered', 'private']) {
    await t.test(`${kind}: what is refused`, async () => {
      const far = 16 * 60 * 1000;
      const rows = [
        ['no timestamp', 400, { start: 0, stop: 0 }, { header: { at: null } }],
        ['a timestamp 16 minutes ago', 400, { start: 0, stop: 0 }, { header: { at: new Date(Date.now() - far) } }],
        ['a timestamp in 16 minutes', 400, { start: 0, stop: 0 }, { header: { at: new Date(Date.now() + far) } }],
        ['a wrong time comes before an unknown channel', 400, { start: 0, stop: 0 }, { header: { at: null, channel: 'nochannel' } }],
        ['an unknown channel', 404, { start: 0, stop: 0 }, { header: { channel: 'nochannel' } }],
        ['an unknown channel comes before junk', 404, new Uint8Array([0xff]), { header: { channel: 'nochannel' } }],
        ['junk for a seek', 400, new Uint8Array([0xff]), {}],
        ['junk comes before the signature', 400, new Uint8Array([0xff]), { spoil: true }],
        ['a spoilt signature', 403, { start: 0, stop: 0 }, { spoil: true }],
        ['the right comes before positions', 403, {}, { spoil: true }],
        ['a stranger', 403, { start: 0, stop: 0 }, { who: { ...user, identity: { ...user.identity, mspId: 'Org9MSP' } } }],
        ['no start', 400, { stop: 0 }, {}],
        ['no stop', 400, { start: 0 }, {}],
        ['neither', 400, {}, {}],
        ['stop before start', 400, { start: 2, stop: 1 }, {}],
        ['far beyond the height, at once', 404, { start: 1_000_000, stop: 1_000_000 }, {}],
        ['far beyond the height, without waiting', 404, { start: 1_000_000, stop: 1_000_000, behavior: FAIL_IF_NOT_READY }, {}],
      ];
      for (const [name, status, info, options] of rows) {
        const got = await ask(kind, info, options);
        assert.deepEqual([name, got.status, got.numbers], [name, status, []]);
        assert.equal(got.ended.code, grpc.status.OK, name);  // the server closes behind the status
      }
      const empty = await seek(doors[kind], kind, new common.Envelope());
      assert.equal(empty.status, 400);
    });

    await t.test(`${kind}: positions`, async () => {
      const last = Number(await put());
      const range = (a, b) => Array.from({ length: b - a + 1 }, (_, i) => a + i);
      const rows = [
        [{ start: 'oldest', stop: 'oldest' }, [0]],
        [{ start: 'oldest', stop: 2 }, [0, 1, 2]],
        [{ start: 1, stop: 3 }, [1, 2, 3]],
        [{ start: 2, stop: 'oldest' }, [2]],  // "oldest" as a stop means one block
        [{ start: 'newest', stop: 'newest' }, [last]],
        [{ start: last, stop: 'newest' }, [last]],
        [{ start: 'oldest', stop: 'newest' }, range(0, last)],
        [{ start: last, stop: last, behavior: FAIL_IF_NOT_READY }, [last]],
        [{ start: 1, stop: 1, errorResponse: BEST_EFFORT }, [1]],
        [{ start: 1, stop: 1, errorResponse: STRICT, behavior: WAIT, contentType: BLOCK }, [1]],
      ];
      for (const [info, wanted] of rows) {
        const got = await ask(kind, info);
        assert.deepEqual([info, got.status, got.numbers], [info, 200, wanted]);
      }
    });

    await t.test(`${kind}: what is there first, then NOT_FOUND`, async () => {
      const last = Number(await put());
      for (const stop of [last + 5, ...forever]) {
        const got = await ask(kind, { start: last - 1, stop, behavior: FAIL_IF_NOT_READY });
        assert.deepEqual([got.status, got.numbers, got.ended.code], [404, [last - 1, last], grpc.status.OK]);
      }
      const next = await ask(kind, { start: last + 1, stop: last + 1, behavior: FAIL_IF_NOT_READY });
      assert.deepEqual([next.status, next.numbers], [404, []]);
    });

    await t.test(`${kind}: a block that comes later is waited for`, async () => {
      for (const stop of forever) {
        const last = Number(await put());
        const stream = deliver(doors[kind], kind);
        stream.write(await envelopeOf(user, payloadOf(user, { type: types.DELIVER_SEEK_INFO, data: seekInfo({ start: last + 1, stop }) })));
        assert.ok(await stream.quiet(100));
        await put();
        const came = await stream.next();
        assert.ok(!isStatus(came));
        assert.deepEqual(numbers(kind, [came]), [last + 1]);
        stream.cancel();
      }
      const last = Number(await put());
      const stream = deliver(doors[kind], kind);
      stream.write(await envelopeOf(user, payloadOf(user, { type: types.DELIVER_SEEK_INFO, data: seekInfo({ start: 'next', stop: forever[1] }) })));
      assert.ok(await stream.quiet(100));
      await put();
      assert.deepEqual(numbers(kind, [await stream.next()]), [last + 1]);
      stream.cancel();
    });

    await t.test(`${kind}: after SUCCESS the stream takes another request`, async () => {
      const stream = deliver(doors[kind], kind);
      const request = async (info) => stream.write(await envelopeOf(user, payloadOf(user, { type: types.DELIVER_SEEK_INFO, data: seekInfo(info) })));
      for (const [start, stop] of [[0, 0], [2, 3], [1, 1]]) {
        await request({ start, stop });
        const got = [];
        let m;
        while (!isStatus(m = await stream.next())) got.push(m);
        assert.equal(m.getStatus(), 200);
        assert.deepEqual(numbers(kind, got), Array.from({ length: stop - start + 1 }, (_, i) => start + i));
      }
      await request({ start: 3, stop: 2 });
      assert.equal((await stream.next()).getStatus(), 400);
      assert.equal(await stream.next(), undefined);
      assert.equal(stream.ended.code, grpc.status.OK);
    });

    await t.test(`${kind}: the header's type does not matter`, async () => {
      for (const type of [types.CONFIG_UPDATE, types.MESSAGE, types.ENDORSER_TRANSACTION]) {
        assert.equal((await ask(kind, { start: 0, stop: 0 }, { header: { type } })).status, 200);
      }
    });
  }

  for (const kind of ['orderer', 'whole']) {
    await t.test(`${kind}: headers with signatures, and configuration blocks in full`, async () => {
      const last = Number(await put());
      const got = await ask(kind, { start: 0, stop: last, contentType: HEADER_WITH_SIG });
      const whole = await ask(kind, { start: 0, stop: last });
      assert.deepEqual([got.status, got.numbers], [200, whole.numbers]);
      for (let i = 0; i <= last; ++i) {
        const short = got.blocks[i].getBlock(), full = whole.blocks[i].getBlock();
        assert.deepEqual(short.getHeader().toObject(), full.getHeader().toObject());
        assert.deepEqual(short.getMetadata().toObject(), full.getMetadata().toObject());
        const payload = common.Payload.deserializeBinary(common.Envelope.deserializeBinary(full.getData().getDataList_asU8()[0]).getPayload_asU8());
        const isConfig = common.ChannelHeader.deserializeBinary(payload.getHeader().getChannelHeader_asU8()).getType() === types.CONFIG;
        if (isConfig) assert.deepEqual(short.getData().toObject(), full.getData().toObject());
        else assert.ok(!short.hasData() || short.getData().getDataList().length === 0, `block ${i} has data`);
      }
      assert.equal(whole.blocks[0].getBlock().getData().getDataList().length, 1);
    });
  }

  await t.test('the same block at peer and orderer', async () => {
    const last = Number(await put());
    const [a, b] = [await ask('orderer', { start: last, stop: last }), await ask('whole', { start: last, stop: last })];
    assert.deepEqual(a.blocks[0].getBlock().getHeader().toObject(), b.blocks[0].getBlock().getHeader().toObject());
    assert.deepEqual(a.blocks[0].getBlock().getData().toObject(), b.blocks[0].getBlock().getData().toObject());
    const filter = b.blocks[0].getBlock().getMetadata().getMetadataList_asU8()[2];
    assert.equal(filter.length, a.blocks[0].getBlock().getData().getDataList().length);
  });

  await t.test('a message that is no envelope', async () => {
    for (const kind of ['orderer', 'whole']) {
      const stream = deliver(doors[kind], kind);
      stream.write(Buffer.from([0xff, 0xff, 0xff]));
      const m = await stream.next();
      if (m !== undefined) assert.equal(m.getStatus(), 400);
    }
    assert.equal(text(await kv.evaluateTransaction('get', unique('still'))), '');
  });
};

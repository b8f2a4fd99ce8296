'use strict';
// Keys, ranges, composite keys, history: what fabric-contract-api's stub reads and writes.
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { failure, sdk, text, unique, MiB } = require('../gateway/network');
const { checkout, deploy, said } = require('./contracts');

module.exports = async (t, network) => {
  await deploy(network, checkout('ledger'), '--name', 'stub');
  const one = network.gateway('Org1').getNetwork('mychannel').getContract('stub');
  const put = (...pairs) => one.submitTransaction('put', ...pairs);
  const ask = async (...args) => text(await one.evaluateTransaction(...args));
  const json = async (...args) => JSON.parse(await ask(...args));
  /** The one thing that all endorsers said. */
  const refusal = async (promise) => {
    const all = said(await failure(promise));
    assert.equal(all.length, 1, all.join('\n'));
    return all[0];
  };

  await t.test('put, get, delete, put again', async () => {
    const key = unique('key');
    await put(key, 'a');
    assert.equal(await ask('get', key), 'a');
    await one.submitTransaction('del', key);
    assert.equal(await ask('get', key), '');
    await put(key, 'b');
    assert.equal(await ask('get', key), 'b');
    await one.submitTransaction('del', unique('never there'));
  });

  await t.test('an absent key has no bytes; a value without any is a deletion', async () => {
    const key = unique('empty');
    assert.deepEqual(await json('shape', key), [true, 0]);
    await put(key, 'something');
    await put(key, '');
    assert.deepEqual(await json('shape', key), [true, 0]);
    assert.deepEqual(await json('range', key, `${key}~`), []);
    assert.deepEqual((await json('history', key)).map(([, , deleted, value]) => [deleted, value]), [[true, ''], [false, 'something']]);
  });

  await t.test('unicode in keys and values', async () => {
    const start = unique('unicode');
    const keys = [`${start} ä`, `${start} 漢字`, `${start} 🧶`, `${start} \u0001`, `${start} e\u0301`, `${start} \uffee`];
    for (const key of keys) await put(key, `value of ${key}`);
    for (const key of keys) assert.equal(await ask('get', key), `value of ${key}`);
    const inOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));  // bytes of UTF-8, where UTF-16 has 🧶 before \uffee
    assert.deepEqual(await json('range', start, `${start}~`), inOrder.map((key) => [key, `value of ${key}`]));
  });

  await t.test('values of a MiB, and of four', async () => {
    for (const size of [MiB, 4 * MiB]) {
      const key = unique('large');
      await one.submitTransaction('putBytes', key, String(size));
      const expected = crypto.createHash('sha256').update(Buffer.alloc(size, 'weft')).digest('hex');
      assert.equal(await ask('digest', key), `${size} ${expected}`);
      assert.equal((await one.evaluateTransaction('get', key)).length, size);
    }
    const value = 'v'.repeat(MiB), key = unique('large argument');
    await put(key, value);
    assert.equal(await ask('get', key), value);
  });

  await t.test('a transaction does not see what it writes', async () => {
    const key = unique('own');
    await put(key, 'committed');
    assert.deepEqual(JSON.parse(text(await one.submitTransaction('ownWrites', key, 'new'))), ['committed', 'committed', 'committed']);
    assert.equal(await ask('get', key), 'new!');
  });

  await t.test('several reads at once', async () => {
    // The shim sends them one after another; the answers have to find their promises.
    const keys = Array.from({ length: 40 }, () => unique('at once'));
    await put(...keys.flatMap((key) => [key, `of ${key}`]));
    assert.deepEqual(await json('many', ...keys), keys.map((key) => `of ${key}`));
  });

  await t.test('an empty key is none', async () => {
    assert.match(await refusal(one.submitTransaction('putEmptyKey')), /^chaincode response 500, PUT_STATE failed: transaction ID: [0-9a-f]{64}: key must not be an empty string$/);
  });

  await t.test('ranges: ends, order, none', async () => {
    const start = unique('range');
    const key = (n) => `${start}-${n}`;
    await put(...[3, 1, 4, 0, 2].flatMap((n) => [key(n), `v${n}`]));
    const found = (...numbers) => numbers.map((n) => [key(n), `v${n}`]);
    assert.deepEqual(await json('range', key(1), key(3)), found(1, 2));
    assert.deepEqual(await json('range', key(0), key(9)), found(0, 1, 2, 3, 4));
    assert.deepEqual(await json('range', key(5), key(9)), []);
    assert.deepEqual(await json('range', key(3), ''), [...found(3, 4), ...(await json('range', `${key(4)}!`, ''))]);
    assert.deepEqual((await json('range', '', key(2))).slice(-2), found(0, 1));
    await one.submitTransaction('del', key(2));
    assert.deepEqual(await json('range', key(1), key(4)), found(1, 3));
    assert.deepEqual(await json('first', key(0), key(9), '2'), [key(0), key(1)]);
  });

  await t.test('ranges of more than a message holds', async () => {
    // 100 records travel at once: less, exactly that, one more, and several messages.
    const start = unique('many');
    const key = (n) => `${start}-${String(n).padStart(3, '0')}`;
    await put(...Array.from({ length: 350 }, (_, n) => [key(n), `v${n}`]).flat());
    for (const count of [99, 100, 101, 200, 201, 350]) {
      assert.deepEqual(await json('countByHand', key(0), key(count)), [count, key(0), key(count - 1)]);
      assert.equal((await json('range', key(0), key(count))).length, count);
    }
    assert.deepEqual(await json('first', key(0), key(350), '120'), Array.from({ length: 120 }, (_, n) => key(n)));
  });

  await t.test('pages, from bookmark to bookmark', async () => {
    const start = unique('page');
    const key = (n) => `${start}-${n}`;
    await put(...[0, 1, 2, 3, 4].flatMap((n) => [key(n), `v${n}`]));
    const page = (size, bookmark) => json('page', key(0), key(9), String(size), bookmark);
    assert.deepEqual(await page(2, ''), { keys: [key(0), key(1)], count: 2, bookmark: key(2) });
    assert.deepEqual(await page(2, key(2)), { keys: [key(2), key(3)], count: 2, bookmark: key(4) });
    assert.deepEqual(await page(2, key(4)), { keys: [key(4)], count: 1, bookmark: '' });
    assert.deepEqual(await page(5, ''), { keys: [0, 1, 2, 3, 4].map(key), count: 5, bookmark: '' });
    assert.deepEqual(await page(100, ''), { keys: [0, 1, 2, 3, 4].map(key), count: 5, bookmark: '' });
    assert.deepEqual(await json('page', key(6), key(9), '2', ''), { keys: [] });  // metadata without content are no bytes, which the shim passes on as none
    assert.match(await refusal(one.submitTransaction('pageAndWrite', key(0), key(9))), /unsuppored transaction\. /);  // Fabric's spelling
  });

  await t.test('a range that changes between endorsement and commit is a phantom', async () => {
    const start = unique('phantom');
    await put(`${start}-1`, 'x');
    const endorsed = await one.newProposal('rangeAndWrite', { arguments: [start, `${start}~`, unique('count')] }).endorse();
    assert.equal(text(endorsed.getResult()), '1');
    await put(`${start}-2`, 'y');
    const status = await (await endorsed.submit()).getStatus();
    assert.deepEqual([status.successful, status.code], [false, sdk.StatusCode.PHANTOM_READ_CONFLICT]);
    await one.submitTransaction('rangeAndWrite', start, `${start}~`, unique('count'));
  });

  await t.test('composite keys, and parts of them', async () => {
    const type = unique('Type');
    for (const [color, size, value] of [['red', '1', 'a'], ['red', '2', 'b'], ['blue', '1', 'c'], ['redder', '1', 'd'], ['\u00e4', '7', 'e']]) {
      const answer = JSON.parse(text(await one.submitTransaction('putComposite', type, color, size, value)));
      assert.deepEqual(answer, { objectType: type, attributes: [color, size] });
    }
    assert.deepEqual(await json('partial', type), [['blue,1', 'c'], ['red,1', 'a'], ['red,2', 'b'], ['redder,1', 'd'], ['ä,7', 'e']]);
    assert.deepEqual(await json('partial', type, 'red'), [['red,1', 'a'], ['red,2', 'b']]);
    assert.deepEqual(await json('partial', type, 'red', '2'), [['red,2', 'b']]);  // a range begins with its start
    assert.deepEqual(await json('partial', type, 'green'), []);
    assert.deepEqual(await json('partial', `${type}x`), []);
    assert.match(await refusal(one.submitTransaction('putComposite', type, '', '1', 'x')), /not a non-zero length string/);
    // Simple ranges pass composite keys over.
    assert.deepEqual((await json('range', '', '')).filter(([key]) => key.includes(type)), []);
  });

  await t.test('pages of composite keys', async () => {
    const type = unique('Paged');
    for (const n of [1, 2, 3]) await one.submitTransaction('putComposite', type, 'of', String(n), `v${n}`);
    const page = (size, bookmark) => json('partialPage', String(size), bookmark, type, 'of');
    const first = await page(2, '');
    assert.deepEqual(first, { keys: ['of,1', 'of,2'], count: 2, bookmark: `\u0000${type}\u0000of\u00003\u0000` });
    assert.deepEqual(await page(2, first.bookmark), { keys: ['of,3'], count: 1, bookmark: '' });
  });

  await t.test('history, newest first, with deletions', async () => {
    const key = unique('history');
    const transactions = [];
    for (const [name, ...args] of [['put', key, 'one'], ['put', key, 'two'], ['del', key], ['put', key, 'three']]) {
      const commit = await one.submitAsync(name, { arguments: args });
      assert.ok((await commit.getStatus()).successful);
      transactions.push(commit.getTransactionId());
    }
    const found = await json('history', key);
    assert.deepEqual(found.map(([tx, , deleted, value]) => [tx, deleted, value]), [
      [transactions[3], false, 'three'], [transactions[2], true, ''], [transactions[1], false, 'two'], [transactions[0], false, 'one'],
    ]);
    for (const [, seconds] of found) assert.ok(Math.abs(seconds - Date.now() / 1000) < 300);
    assert.deepEqual(await json('history', unique('none')), []);
  });

  await t.test('a history of more than a message holds', async () => {
    const key = unique('long');
    const commits = [];
    for (let n = 0; n < 130; ++n) commits.push(one.submitAsync('put', { arguments: [key, `v${n}`] }).then((c) => c.getStatus()));
    assert.ok((await Promise.all(commits)).every((status) => status.successful));
    const values = (await json('history', key)).map(([, , , value]) => value);
    assert.deepEqual([values.length, new Set(values).size, values[0]], [130, 130, await ask('get', key)]);
  });

  await t.test('rich queries are CouchDB\'s', async () => {
    const says = await refusal(one.evaluateTransaction('rich', '{"selector":{}}'));
    assert.match(says, /^chaincode response 500, GET_QUERY_RESULT failed: transaction ID: [0-9a-f]{64}: ExecuteQuery not supported for leveldb$/);
  });

  await t.test('two hundred calls at once', async () => {
    const keys = Array.from({ length: 200 }, () => unique('together'));
    await Promise.all(keys.map((key) => one.submitTransaction('put', key, `of ${key}`)));
    const values = await Promise.all(keys.map((key) => ask('get', key)));
    assert.deepEqual(values, keys.map((key) => `of ${key}`));
  });
};

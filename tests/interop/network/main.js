'use strict';
// node main.js WEFT NETWORK_FOLDER: an application on fabric-network 2.2 without service discovery, against a network that runs. It sends proposals to peers and
// transactions to orderers by itself, and hears of commits from Deliver.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { DefaultCheckpointers, DefaultEventHandlerStrategies, DefaultQueryHandlerStrategies, Gateway, Wallets } = require('fabric-network');

const [, folder] = process.argv.slice(2);
console.log(`# fabric-network ${require('fabric-network/package.json').version}, node ${process.version}`);

let counter = 0;
const unique = (what) => `${what}-${process.pid}-${++counter}`;
const profile = (domain) => JSON.parse(fs.readFileSync(path.join(folder, 'profiles', domain, 'connection.json'), 'utf8'));

async function connect(domain, options = {}) {
  const gateway = new Gateway();
  const wallet = await Wallets.newFileSystemWallet(path.join(folder, 'wallet'));
  await gateway.connect(profile(domain), { wallet, identity: `User1@${domain}`, discovery: { enabled: false, asLocalhost: false }, ...options });
  return gateway;
}
async function failure(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`succeeded with ${value}, where an error was expected`);
}
/** What a listener is given, until `count` of it came. */
function gathered(count, seconds = 20) {
  const got = [];
  let done;
  const all = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${got.length} of ${count} came within ${seconds} s`)), seconds * 1000);
    done = () => { clearTimeout(timer); resolve(got); };
  });
  const listener = async (event) => {
    got.push(event);
    if (got.length === count) done();
  };
  return { listener, all };
}

test('fabric-network', async (t) => {
  const gateway = await connect('org1.example.com'), other = await connect('org2.example.com');
  const network = await gateway.getNetwork('mychannel'), kv = network.getContract('kv');
  try {
    await t.test('evaluate and submit, at both organizations', async () => {
      const key = unique('key');
      assert.equal((await kv.submitTransaction('put', key, 'one')).toString(), '');
      assert.equal((await kv.evaluateTransaction('get', key)).toString(), 'one');
      const there = (await other.getNetwork('mychannel')).getContract('kv');
      await there.submitTransaction('put', key, 'two');
      assert.equal((await there.evaluateTransaction('get', key)).toString(), 'two');
    });

    await t.test('a submit gives the contract\'s answer', async () => {
      const key = unique('answer');
      await kv.submitTransaction('put', key, 'before');
      assert.equal((await kv.submitTransaction('rmw', key, 'after')).toString(), 'before');
    });

    await t.test('every strategy of waiting for a commit and of choosing whom to ask', async () => {
      const waits = ['MSPID_SCOPE_ALLFORTX', 'MSPID_SCOPE_ANYFORTX', 'NETWORK_SCOPE_ALLFORTX', 'NETWORK_SCOPE_ANYFORTX', 'PREFER_MSPID_SCOPE_ALLFORTX', 'PREFER_MSPID_SCOPE_ANYFORTX', 'NONE'];
      const asks = ['MSPID_SCOPE_SINGLE', 'MSPID_SCOPE_ROUND_ROBIN', 'PREFER_MSPID_SCOPE_SINGLE', 'PREFER_MSPID_SCOPE_ROUND_ROBIN'];
      for (let i = 0; i < waits.length; ++i) {
        const one = await connect('org1.example.com', {
          eventHandlerOptions: { strategy: DefaultEventHandlerStrategies[waits[i]] },
          queryHandlerOptions: { strategy: DefaultQueryHandlerStrategies[asks[i % asks.length]] },
        });
        const contract = (await one.getNetwork('mychannel')).getContract('kv');
        await contract.submitTransaction('put', unique('strategy'), waits[i]);
        assert.equal((await contract.evaluateTransaction('get', unique('none'))).toString(), '');
        one.disconnect();
      }
    });

    await t.test('transient data', async () => {
      const with_ = kv.createTransaction('pput').setTransient({ value: Buffer.from('secret') });
      assert.doesNotMatch((await failure(with_.evaluate('nosuch', 'key'))).message, /no transient field/);
      assert.match((await failure(kv.evaluateTransaction('pput', 'nosuch', 'key'))).message, /no transient field 'value'/);
      await kv.createTransaction('put').setTransient({ hidden: Buffer.from('x') }).submit(unique('transient'), 'x');
    });

    await t.test('endorsing organizations and peers', async () => {
      await kv.createTransaction('put').setEndorsingOrganizations('Org1MSP', 'Org2MSP').submit(unique('organizations'), 'x');
      const few = await failure(kv.createTransaction('put').setEndorsingOrganizations('Org2MSP').submit(unique('few'), 'x'));
      assert.match(few.message, /ENDORSEMENT_POLICY_FAILURE/);
      await kv.createTransaction('put').setEndorsingPeers(network.getChannel().getEndorsers()).submit(unique('peers'), 'x');
    });

    await t.test('a contract that fails', async () => {
      const mycc = network.getContract('mycc');
      assert.match((await failure(mycc.evaluateTransaction('query', 'nobody'))).message, /Nil amount for nobody/);
      const submitted = await failure(mycc.submitTransaction('invoke', 'a', 'b', 'many'));
      assert.match(submitted.message, /^No valid responses from any peers\. Errors:/);
      assert.match(submitted.message, /peer=peer0\.org1\.example\.com, status=500, message=Invalid transaction amount, expecting a integer value/);
    });

    await t.test('an unknown contract', async () => {
      const error = await failure(network.getContract('nope').submitTransaction('x'));
      assert.match(error.message, /make sure the chaincode nope has been successfully defined on channel mychannel and try again: chaincode nope not found/);
    });

    await t.test('an unknown channel', async () => {
      const error = await failure((async () => (await gateway.getNetwork('nochannel')).getContract('kv').submitTransaction('put', 'x', 'y'))());
      assert.match(error.message, /^No valid responses from any peers/);  // the profile names nobody to ask
    });

    await t.test('of two that read the same version, the second is told why', async () => {
      const key = unique('conflict');
      await kv.submitTransaction('put', key, '0');
      for (let round = 0; ; ++round) {
        assert.ok(round < 50, 'no conflict in 50 rounds');
        const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((v) => kv.submitTransaction('rmw', key, v)));
        const lost = outcomes.filter((o) => o.status === 'rejected').map((o) => o.reason);
        for (const error of lost) assert.match(error.message, /MVCC_READ_CONFLICT|do not match/);
        if (lost.some((error) => error.message.includes('MVCC_READ_CONFLICT'))) return;
      }
    });

    await t.test('contract listener', async () => {
      const name = unique('event'), { listener, all } = gathered(1);
      await kv.addContractListener(listener);
      await kv.submitTransaction('event', name, 'payload');
      const [event] = await all;
      kv.removeContractListener(listener);
      assert.deepEqual([event.chaincodeId, event.eventName, event.payload.toString()], ['kv', name, 'payload']);
    });

    await t.test('contract listener with a checkpoint', async () => {
      const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'weft-checkpoint-')), 'checkpoint.json');
      const wanted = [unique('one'), unique('two'), unique('three')], seen = [];
      for (const name of wanted) {
        const { listener, all } = gathered(1);
        const checkpointer = await DefaultCheckpointers.file(file);
        await kv.submitTransaction('event', name, '');  // while nobody listens, except for the first
        await kv.addContractListener(listener, seen.length ? { checkpointer } : { checkpointer, startBlock: await heightOf() - 1n });
        for (const event of await all) seen.push(event.eventName);
        kv.removeContractListener(listener);
        for (let whole = false, text = ''; !whole; ) {  // the checkpoint is written behind the listener's back
          await new Promise((resolve) => setTimeout(resolve, 100));
          const now = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
          whole = now !== '' && now === text;
          text = now;
        }
      }
      assert.deepEqual(seen, wanted);
      fs.rmSync(path.dirname(file), { recursive: true });
    });
    async function heightOf() {
      const { common } = require('fabric-protos');
      const info = common.BlockchainInfo.decode(await network.getContract('qscc').evaluateTransaction('GetChainInfo', 'mychannel'));
      return BigInt(info.height.toString());
    }

    for (const type of ['full', 'filtered', 'private']) {
      await t.test(`block listener: ${type}`, async () => {
        const { listener, all } = gathered(3);
        await network.addBlockListener(listener, { type, startBlock: 0 });
        const blocks = await all;
        network.removeBlockListener(listener);
        assert.deepEqual(blocks.map((b) => b.blockNumber.toString()), ['0', '1', '2']);
        assert.ok(blocks[2].getTransactionEvents().every((tx) => tx.isValid));
      });
    }

    await t.test('commit listener', async () => {
      const transaction = kv.createTransaction('put'), heard = [];
      const peers = network.getChannel().getEndorsers();
      let told;
      const all = new Promise((resolve, reject) => { told = { resolve, reject }; });
      await network.addCommitListener((error, event) => {
        if (error) return told.reject(error);
        heard.push([event.peer.name, event.isValid]);
        if (heard.length === peers.length) told.resolve();
      }, peers, transaction.getTransactionId());
      await transaction.submit(unique('listened'), 'x');
      await all;
      assert.deepEqual(heard.sort(), [['peer0.org1.example.com', true], ['peer0.org2.example.com', true]]);
    });
  } finally {
    gateway.disconnect();
    other.disconnect();
  }
});
// A test that failed may leave a listener behind that tries again for ever; that is no reason to wait.
after(() => setTimeout(() => process.exit(), 5000).unref());

'use strict';
// What else a stub gives: the transaction and its sender, transient fields, events, private data, policies of keys.
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { failure, sdk, take, text, unique } = require('../gateway/network');
const { answers, checkout, deploy, said } = require('./contracts');

module.exports = async (t, network) => {
  await deploy(network, checkout('ledger'), '--name', 'state');
  const channels = ['Org1', 'Org2'].map((org) => network.gateway(org).getNetwork('mychannel'));
  const [one, two] = channels.map((c) => c.getContract('state'));
  const hex = (value) => Buffer.from(value).toString('hex');

  await t.test('the transaction, and who sent it', async () => {
    for (const org of ['Org1', 'Org2']) {
      const user = network.userOf(org);
      const contract = network.gateway(org, { user }).getNetwork('mychannel').getContract('state');
      const proposal = contract.newProposal('about', { arguments: ['b', 'ü', ''] });
      const seen = JSON.parse(text(await proposal.evaluate()));
      const { common, msp, peer, gateway } = require('@hyperledger/fabric-protos');
      const signed = gateway.ProposedTransaction.deserializeBinary(proposal.getBytes()).getProposal();
      const header = common.Header.deserializeBinary(peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8()).getHeader_asU8());
      const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
      const signatureHeader = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
      const time = channelHeader.getTimestamp().toDate().getTime();
      assert.equal(seen.tx, proposal.getTransactionId());
      assert.equal(seen.channel, 'mychannel');
      assert.equal(seen.date, time);
      assert.equal(seen.seconds, Math.floor(time / 1000));
      assert.equal(seen.type, 3);
      assert.equal(seen.nonce, hex(signatureHeader.getNonce_asU8()));
      assert.equal(seen.signature, hex(signed.getSignature_asU8()));
      assert.deepEqual(seen.creator, [`${org}MSP`, Buffer.from(user.identity.credentials).toString()]);
      assert.equal(msp.SerializedIdentity.deserializeBinary(signatureHeader.getCreator_asU8()).getMspid(), `${org}MSP`);
      const epoch = Buffer.alloc(8);
      assert.equal(seen.binding, crypto.createHash('sha256').update(signatureHeader.getNonce_asU8()).update(signatureHeader.getCreator_asU8()).update(epoch).digest('hex'));
      assert.deepEqual([seen.fcn, seen.params, seen.rest], ['about', ['b', 'ü', ''], ['b', 'ü', '']]);
      assert.deepEqual([seen.args, seen.strings], [['about', 'b', 'ü', ''], ['about', 'b', 'ü', '']]);
      assert.deepEqual(seen.bytes, ['about', 'b', 'ü', ''].map(hex));
      assert.equal(seen.msp, `${org}MSP`);
      const certificate = new crypto.X509Certificate(user.identity.credentials);
      assert.match(seen.id, /^x509::\/.*CN=User1@org[12]\.example\.com::\/.*CN=ca\.org[12]\.example\.com$/);
      assert.ok(certificate.subject.includes(`User1@${network.peer(org).slice('peer0.'.length)}`));
    }
  });

  await t.test('whose peer it is that asks, is not told: one process serves the peers of all organizations', async () => {
    assert.deepEqual(said(await failure(one.evaluateTransaction('peer'))), ['chaincode response 500, CORE_PEER_LOCALMSPID is unset in chaincode process']);
  });

  await t.test('transient fields', async () => {
    const value = Buffer.from([0, 1, 0xff]);
    const seen = JSON.parse(text(await one.evaluate('transient', { transientData: { secret: 'whispered', bytes: value, empty: '' } })));
    assert.deepEqual(seen, { secret: hex('whispered'), bytes: '0001ff', empty: '' });
    assert.deepEqual(JSON.parse(text(await one.evaluateTransaction('transient'))), {});
  });

  await t.test('events reach who listens, in order, the last one of each transaction', async () => {
    const names = ['first', 'second', 'third'].map((name) => unique(name));
    const { blockNumber: before } = await (await one.submitAsync('put', { arguments: [unique('before'), 'x'] })).getStatus();
    const coming = take(await channels[1].getChaincodeEvents('state', { startBlock: before }), 3);
    await one.submitTransaction('event', names[0], 'payload ü');
    await one.submitTransaction('event', unique('overwritten'), 'lost', names[1], '');
    await failure(one.submitTransaction('eventAndFail', unique('failed')));
    await one.evaluateTransaction('event', unique('evaluated'), 'lost');
    const commit = await one.submitAsync('event', { arguments: [names[2], '3'] });
    const { blockNumber } = await commit.getStatus();
    const events = await coming;
    assert.deepEqual(events.map((e) => [e.chaincodeName, e.eventName, text(e.payload)]), [['state', names[0], 'payload ü'], ['state', names[1], ''], ['state', names[2], '3']]);
    assert.deepEqual([events[2].transactionId, events[2].blockNumber], [commit.getTransactionId(), blockNumber]);
  });

  await t.test('private data of an organization', async () => {
    const collection = '_implicit_org_Org1MSP', key = unique('private');
    const write = (value, ...endorsingOrganizations) => one.submit('putPrivate', { arguments: [collection, key], transientData: { value }, endorsingOrganizations });
    await write('a secret', 'Org1MSP');
    assert.equal(text(await one.evaluate('getPrivate', { arguments: [collection, key], endorsingOrganizations: ['Org1MSP'] })), 'a secret');
    const hash = crypto.createHash('sha256').update('a secret').digest('hex');
    for (const contract of [one, two]) await answers(contract, hash, 'privateHash', collection, key);
    const elsewhere = await failure(two.evaluate('getPrivate', { arguments: [collection, key], endorsingOrganizations: ['Org2MSP'] }));
    assert.match(said(elsewhere).join(), /^chaincode response 500, GET_STATE failed: transaction ID: [0-9a-f]{64}: private data matching public hash version is not available\. Public hash version = /);
    assert.deepEqual(JSON.parse(text(await one.evaluate('privateRange', { arguments: [collection, key, `${key}~`], endorsingOrganizations: ['Org1MSP'] }))), [[key, 'a secret']]);
    // Its owner alone endorses what is written there.
    const foreign = await failure(write('forged', 'Org2MSP'));
    assert.deepEqual([foreign instanceof sdk.CommitError, foreign.code], [true, sdk.StatusCode.ENDORSEMENT_POLICY_FAILURE], String(foreign));
    await one.submit('deletePrivate', { arguments: [collection, key], endorsingOrganizations: ['Org1MSP'] });
    assert.equal(text(await one.evaluate('getPrivate', { arguments: [collection, key], endorsingOrganizations: ['Org1MSP'] })), '');
    await answers(two, '', 'privateHash', collection, key);
  });

  await t.test('a collection that there is not', async () => {
    const error = await failure(one.evaluate('getPrivate', { arguments: ['nowhere', 'k'] }));
    assert.match(said(error).join(), /^chaincode response 500, GET_STATE failed: transaction ID: [0-9a-f]{64}: collection mychannel\/state\/nowhere could not be found$/);
  });

  await t.test('a key with a policy of its own', async () => {
    const key = unique('restricted');
    const put = async (value, ...endorsingOrganizations) => {
      const commit = await one.submitAsync('put', { arguments: [key, value], ...(endorsingOrganizations.length > 0 && { endorsingOrganizations }) });
      return (await commit.getStatus()).code;
    };
    const { VALID, ENDORSEMENT_POLICY_FAILURE } = sdk.StatusCode;
    const owners = async () => JSON.parse(text(await one.evaluateTransaction('restrictedTo', key)));
    assert.equal(await put('0'), VALID);
    assert.equal(await put('x', 'Org1MSP'), ENDORSEMENT_POLICY_FAILURE);  // the contract's: both
    assert.deepEqual(await owners(), []);
    await one.submitTransaction('restrict', key, 'Org2MSP');
    assert.deepEqual(await owners(), ['Org2MSP']);
    assert.equal(await put('x', 'Org1MSP'), ENDORSEMENT_POLICY_FAILURE);
    assert.equal(await put('1', 'Org2MSP'), VALID);
    assert.equal(text(await one.evaluateTransaction('get', key)), '1');
    assert.equal(await put('2'), VALID);  // the gateway asks whoever it takes
    await one.submit('restrict', { arguments: [key, 'Org1MSP', 'Org2MSP'], endorsingOrganizations: ['Org2MSP'] });
    assert.deepEqual(await owners(), ['Org1MSP', 'Org2MSP']);
    assert.equal(await put('x', 'Org2MSP'), ENDORSEMENT_POLICY_FAILURE);
    assert.equal(await put('3', 'Org1MSP', 'Org2MSP'), VALID);
    await answers(two, '3', 'get', key);
  });
};

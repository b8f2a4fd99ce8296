'use strict';
// Everything that a stub can do, each as one function whose answer shows what came of it. (contract-api counts arguments unless the first is a rest parameter.)
const { Contract } = require('fabric-contract-api');
const { ClientIdentity, KeyEndorsementPolicy } = require('fabric-shim');

const json = (value) => JSON.stringify(value);
const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** What an iterator gives, read by hand: [[key, value]…]. */
async function drain(iterator) {
  const out = [];
  for (;;) {
    const { value, done } = await iterator.next();
    if (value) out.push([value.key, value.value.toString()]);
    if (done) break;
  }
  await iterator.close();
  return out;
}

class Ledger extends Contract {
  // ---- keys and values
  async put(ctx, ...pairs) {
    for (let n = 0; n < pairs.length; n += 2) await ctx.stub.putState(pairs[n], Buffer.from(pairs[n + 1]));
  }
  async get(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }
  async del(ctx, key) {
    await ctx.stub.deleteState(key);
  }
  /** How an absent key and an empty value look to a contract. */
  async shape(ctx, key) {
    const value = await ctx.stub.getState(key);
    return json([Buffer.isBuffer(value) || value instanceof Uint8Array, value.length]);
  }
  async putBytes(ctx, key, size) {
    await ctx.stub.putState(key, Buffer.alloc(Number(size), 'weft'));
  }
  async digest(ctx, key) {
    const value = await ctx.stub.getState(key);
    return `${value.length} ${require('node:crypto').createHash('sha256').update(value).digest('hex')}`;
  }
  /** A transaction does not see what it has written itself. */
  async ownWrites(ctx, key, value) {
    const before = (await ctx.stub.getState(key)).toString();
    await ctx.stub.putState(key, Buffer.from(value));
    const after = (await ctx.stub.getState(key)).toString();
    await ctx.stub.deleteState(key);
    const deleted = (await ctx.stub.getState(key)).toString();
    await ctx.stub.putState(key, Buffer.from(`${value}!`));
    return json([before, after, deleted]);
  }
  async many(ctx, ...keys) {
    return json((await Promise.all(keys.map((key) => ctx.stub.getState(key)))).map(String));
  }
  async putEmptyKey(ctx) {
    await ctx.stub.putState('', Buffer.from('x'));
  }

  // ---- ranges
  async range(ctx, start, end) {
    const out = [];
    for await (const { key, value } of ctx.stub.getStateByRange(start, end)) out.push([key, value.toString()]);
    return json(out);
  }
  async countByHand(ctx, start, end) {
    const all = await drain(await ctx.stub.getStateByRange(start, end));
    return json([all.length, all[0][0], all[all.length - 1][0]]);
  }
  /** Closes the iterator long before its end. */
  async first(ctx, start, end, count) {
    const iterator = await ctx.stub.getStateByRange(start, end);
    const out = [];
    while (out.length < Number(count)) out.push((await iterator.next()).value.key);
    await iterator.close();
    return json(out);
  }
  async page(ctx, start, end, size, bookmark) {
    const { iterator, metadata } = await ctx.stub.getStateByRangeWithPagination(start, end, Number(size), bookmark);
    return json({ keys: (await drain(iterator)).map(([key]) => key), count: metadata?.fetchedRecordsCount, bookmark: metadata?.bookmark });
  }
  async pageAndWrite(ctx, start, end) {
    const { iterator } = await ctx.stub.getStateByRangeWithPagination(start, end, 2, '');
    await iterator.close();
    await ctx.stub.putState(start, Buffer.from('x'));
  }
  async rangeAndWrite(ctx, start, end, key) {
    const all = await drain(await ctx.stub.getStateByRange(start, end));
    await ctx.stub.putState(key, Buffer.from(String(all.length)));
    return String(all.length);
  }

  // ---- composite keys
  async putComposite(ctx, ...given) {
    const [type, ...attributesAndValue] = given;
    const value = attributesAndValue.pop();
    const key = ctx.stub.createCompositeKey(type, attributesAndValue);
    await ctx.stub.putState(key, Buffer.from(value));
    return json(ctx.stub.splitCompositeKey(key));
  }
  async partial(ctx, ...given) {
    const [type, ...attributes] = given;
    const out = [];
    for await (const { key, value } of ctx.stub.getStateByPartialCompositeKey(type, attributes)) {
      out.push([ctx.stub.splitCompositeKey(key).attributes.join(), value.toString()]);
    }
    return json(out);
  }
  async partialPage(ctx, ...given) {
    const [size, bookmark, type, ...attributes] = given;
    const { iterator, metadata } = await ctx.stub.getStateByPartialCompositeKeyWithPagination(type, attributes, Number(size), bookmark);
    const keys = (await drain(iterator)).map(([key]) => ctx.stub.splitCompositeKey(key).attributes.join());
    return json({ keys, count: metadata?.fetchedRecordsCount, bookmark: metadata?.bookmark });
  }

  // ---- history and rich queries
  async history(ctx, key) {
    const out = [];
    for await (const { txId, timestamp, isDelete, value } of ctx.stub.getHistoryForKey(key)) {
      out.push([txId, Number(timestamp.seconds), isDelete, Buffer.from(value).toString()]);
    }
    return json(out);
  }
  async rich(ctx, query) {
    for await (const one of ctx.stub.getQueryResult(query)) return one.key;
    return 'nothing';
  }

  // ---- the transaction and who sent it
  async about(ctx, ...rest) {
    const { stub } = ctx;
    const creator = stub.getCreator();
    const { fcn, params } = stub.getFunctionAndParameters();
    const signed = stub.getSignedProposal();
    const timestamp = stub.getTxTimestamp();
    const identity = new ClientIdentity(stub);
    return json({
      tx: stub.getTxID(),
      channel: stub.getChannelID(),
      seconds: Number(timestamp.seconds),
      date: stub.getDateTimestamp().getTime(),
      creator: [creator.mspid, Buffer.from(creator.idBytes).toString()],
      binding: stub.getBinding(),
      fcn,
      params,
      args: stub.getArgs(),
      strings: stub.getStringArgs(),
      bytes: stub.getBufferArgs().map(hex),
      signature: hex(signed.signature),
      nonce: hex(signed.proposal.header.signatureHeader.nonce),
      type: signed.proposal.header.channelHeader.getType(),
      id: identity.getID(),
      msp: identity.getMSPID(),
      rest,
    });
  }
  async peer(ctx) {
    return ctx.stub.getMspID();
  }
  async transient(ctx) {
    const out = {};
    for (const [name, value] of ctx.stub.getTransient()) out[name] = hex(value);
    return json(out);
  }

  // ---- events: the last one of a transaction counts
  async event(ctx, ...namesAndPayloads) {
    for (let n = 0; n < namesAndPayloads.length; n += 2) ctx.stub.setEvent(namesAndPayloads[n], Buffer.from(namesAndPayloads[n + 1]));
  }
  async eventAndFail(ctx, name) {
    ctx.stub.setEvent(name, Buffer.from('never'));
    throw new Error('no event');
  }

  // ---- private data
  async putPrivate(ctx, collection, key) {
    await ctx.stub.putPrivateData(collection, key, Buffer.from(ctx.stub.getTransient().get('value')));
  }
  async getPrivate(ctx, collection, key) {
    return (await ctx.stub.getPrivateData(collection, key)).toString();
  }
  async deletePrivate(ctx, collection, key) {
    await ctx.stub.deletePrivateData(collection, key);
  }
  async privateHash(ctx, collection, key) {
    return hex(await ctx.stub.getPrivateDataHash(collection, key));
  }
  async privateRange(ctx, collection, start, end) {
    const out = [];
    for await (const { key, value } of ctx.stub.getPrivateDataByRange(collection, start, end)) out.push([key, value.toString()]);
    return json(out);
  }

  // ---- policies of keys
  async restrict(ctx, ...given) {
    const [key, ...organizations] = given;
    const policy = new KeyEndorsementPolicy();
    policy.addOrgs('MEMBER', ...organizations);
    await ctx.stub.setStateValidationParameter(key, policy.getPolicy());
  }
  async restrictedTo(ctx, key) {
    const found = await ctx.stub.getStateValidationParameter(key);
    if (!found || found.length === 0) return json([]);
    return json(new KeyEndorsementPolicy(found).listOrgs().sort());
  }
}

module.exports.contracts = [Ledger];

'use strict';
// Envelopes made by hand, for what an SDK would never send.
const crypto = require('node:crypto');
const { common, msp, orderer, peer } = require('@hyperledger/fabric-protos');
const { Timestamp } = require('google-protobuf/google/protobuf/timestamp_pb.js');
const { grpc } = require('./network');

/** pb(SerializedIdentity) of a user of the wallet. */
function creatorOf(user) {
  const id = new msp.SerializedIdentity();
  id.setMspid(user.identity.mspId);
  id.setIdBytes(user.identity.credentials);
  return id.serializeBinary();
}

/** A common.Payload; `header: null` leaves its headers out. */
function payloadOf(user, { type, channel = 'mychannel', data = new Uint8Array(), at = new Date(), txId = '', header, extension } = {}) {
  const payload = new common.Payload();
  if (header !== null) {
    const both = new common.Header(), ch = new common.ChannelHeader(), sh = new common.SignatureHeader();
    ch.setType(type);
    ch.setChannelId(channel);
    if (txId) ch.setTxId(txId);
    if (at) ch.setTimestamp(Timestamp.fromDate(at));
    if (extension) ch.setExtension$(extension);
    sh.setCreator(creatorOf(user));
    sh.setNonce(crypto.randomBytes(24));
    both.setChannelHeader(ch.serializeBinary());
    both.setSignatureHeader(sh.serializeBinary());
    payload.setHeader(both);
  }
  payload.setData(data);
  return payload.serializeBinary();
}

/** Signs a payload; `spoil`: so that the signature is somebody else's. */
async function envelopeOf(user, payload, { spoil = false } = {}) {
  const envelope = new common.Envelope();
  envelope.setPayload(payload);
  envelope.setSignature(await user.signer(crypto.createHash('sha256').update(payload).update(spoil ? 'x' : '').digest()));
  return envelope;
}

/** A length-delimited field, and a varint of any size: the library's own numbers end at 2^53. */
function varint(n) {
  const out = [];
  for (n = BigInt(n); ; n >>= 7n) {
    if (n < 0x80n) return Buffer.from([...out, Number(n)]);
    out.push(Number(n & 0x7fn) | 0x80);
  }
}
const block = (number, content) => Buffer.concat([varint(number << 3 | 2), varint(content.length), content]);

/** What a seek may say: numbers (also as text), or "oldest", "newest", "next". */
function positionOf(what) {
  const names = { newest: 1, oldest: 2, next: 4 };
  if (what in names) return block(names[what], Buffer.alloc(0));
  return block(3, BigInt(what) === 0n ? Buffer.alloc(0) : Buffer.concat([varint(1 << 3), varint(what)]));
}
/** pb(SeekInfo); undefined leaves a position out. */
function seekInfo({ start, stop, behavior = 0, errorResponse = 0, contentType = 0 }) {
  const info = new orderer.SeekInfo();
  info.setBehavior(behavior);
  info.setErrorResponse(errorResponse);
  info.setContentType(contentType);
  const parts = [Buffer.from(info.serializeBinary())];
  if (start !== undefined) parts.push(block(1, positionOf(start)));
  if (stop !== undefined) parts.push(block(2, positionOf(stop)));
  return Buffer.concat(parts);
}

const kinds = {
  orderer: ['/orderer.AtomicBroadcast/Deliver', orderer.DeliverResponse],
  whole: ['/protos.Deliver/Deliver', peer.DeliverResponse],
  filtered: ['/protos.Deliver/DeliverFiltered', peer.DeliverResponse],
  private: ['/protos.Deliver/DeliverWithPrivateData', peer.DeliverResponse],
};

/** A bidirectional stream whose messages are taken one by one: next() gives a message, or undefined at the end; `ended` then holds the status. */
class Stream {
  constructor(client, method, Response) {
    this.call = client.makeBidiStreamRequest(method, (m) => Buffer.from(m instanceof Uint8Array ? m : m.serializeBinary()), (b) => Response.deserializeBinary(b));
    this.waiting = [];
    this.messages = [];
    this.call.on('data', (m) => this.#push(m));
    this.call.on('error', () => {});
    this.call.on('status', (s) => { this.ended = s; this.#push(undefined); });
  }
  #push(m) {
    const waiter = this.waiting.shift();
    if (waiter) waiter(m);
    else this.messages.push(m);
  }
  write(m) {
    this.call.write(m);
    return this;
  }
  next(seconds = 20) {
    if (this.messages.length) return Promise.resolve(this.messages.shift());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing came within ${seconds} s`)), seconds * 1000);
      this.waiting.push((m) => { clearTimeout(timer); resolve(m); });
    });
  }
  /** True if nothing comes for so long. */
  async quiet(milliseconds) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return this.messages.length === 0;
  }
  cancel() {
    this.call.cancel();
  }
  end() {
    this.call.end();
  }
}
const deliver = (client, kind) => new Stream(client, ...kinds[kind]);
const broadcast = (client) => new Stream(client, '/orderer.AtomicBroadcast/Broadcast', orderer.BroadcastResponse);

const isStatus = (m) => m.getTypeCase() === m.constructor.TypeCase.STATUS;

/** Blocks up to the status that ends a seek: {numbers, status, ended}. `ended`: the RPC's own status, when the server closed the stream. */
async function seek(client, kind, envelope) {
  const stream = deliver(client, kind).write(envelope), blocks = [];
  for (;;) {
    const m = await stream.next();
    if (m === undefined) return { blocks, status: undefined, ended: stream.ended };
    if (!isStatus(m)) {
      blocks.push(m);
      continue;
    }
    const status = m.getStatus();
    if (status === 200) {
      stream.cancel();
      return { blocks, status, ended: undefined };
    }
    await stream.next();  // the server closes
    return { blocks, status, ended: stream.ended };
  }
}

module.exports = { Stream, block, broadcast, creatorOf, deliver, envelopeOf, isStatus, kinds, payloadOf, seek, seekInfo, varint, types: common.HeaderType, grpc };

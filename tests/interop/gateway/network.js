'use strict';
// A running network as an application finds it: the connection profiles and wallet that `weft up` writes, and nothing else.
const fs = require('node:fs');
const path = require('node:path');
const crypto = require('node:crypto');
const { execFile } = require('node:child_process');
const grpc = require('@grpc/grpc-js');
const sdk = require('@hyperledger/fabric-gateway');

const MiB = 1024 * 1024;
const domains = { Org1: 'org1.example.com', Org2: 'org2.example.com' };

class Network {
  /** `folder`: of the network. `weft`: the command. */
  constructor(folder, weft) {
    this.folder = folder;
    this.weft = weft;
    this.profiles = {};
    for (const [org, domain] of Object.entries(domains)) {
      this.profiles[org] = JSON.parse(fs.readFileSync(path.join(folder, 'profiles', domain, 'connection.json'), 'utf8'));
    }
    this.open = [];
  }

  /** A member's entry in the profile: address "localhost:7051" and who may have issued its certificate. */
  member(name) {
    const profile = this.profiles.Org1;
    const found = profile.peers[name] ?? profile.orderers[name];
    if (!found) throw new Error(`the profile has no member ${name}`);
    const url = new URL(found.url.replace('grpcs:', 'https:'));
    return { address: url.host, pem: found.tlsCACerts.pem, name: found.grpcOptions['ssl-target-name-override'] };
  }
  peer(org) {
    return `peer0.${domains[org]}`;
  }

  /** A gRPC connection to a member; closed by close(). */
  connect(name, options = {}) {
    const at = this.member(name);
    const client = new grpc.Client(at.address, grpc.credentials.createSsl(Buffer.from(at.pem)), {
      'grpc.ssl_target_name_override': at.name,
      'grpc.max_receive_message_length': 100 * MiB,
      'grpc.max_send_message_length': 100 * MiB,
      ...options,
    });
    this.open.push(client);
    return client;
  }

  /** Somebody of the wallet: "User1@org1.example.com". */
  user(label) {
    const entry = JSON.parse(fs.readFileSync(path.join(this.folder, 'wallet', `${label}.id`), 'utf8'));
    const key = crypto.createPrivateKey(entry.credentials.privateKey);
    return {
      identity: { mspId: entry.mspId, credentials: Buffer.from(entry.credentials.certificate) },
      signer: sdk.signers.newPrivateKeySigner(key),
    };
  }
  userOf(org, name = 'User1') {
    return this.user(`${name}@${domains[org]}`);
  }

  /** A gateway at the peer of one organization for a user of (usually) the same. */
  gateway(org, { user = this.userOf(org), client = this.connect(this.peer(org)), ...options } = {}) {
    const made = sdk.connect({ client, identity: user.identity, signer: user.signer, hash: sdk.hash.sha256, ...options });
    this.open.push(made);
    return made;
  }

  /** Runs `weft ARGS --dir FOLDER`; gives its standard output. */
  command(...args) {
    return new Promise((resolve, reject) => {
      execFile(this.weft, [...args, '--dir', this.folder], { encoding: 'utf8' }, (error, out, err) => {
        if (error) reject(new Error(`weft ${args.join(' ')}: ${err || out || error.message}`));
        else resolve(out);
      });
    });
  }

  close() {
    for (const one of this.open.splice(0).reverse()) one.close();
  }
}

// Exported under this name by some versions only.
const submitError = sdk.SubmitError ?? require(require('node:path').join(require('node:path').dirname(require.resolve('@hyperledger/fabric-gateway')), 'submiterror.js')).SubmitError;

let counter = 0;
/** A key that no other test has. */
const unique = (what) => `${what}-${process.pid}-${++counter}`;
const text = (bytes) => Buffer.from(bytes).toString('utf8');

/** The error that a call ends with; throws when it does not fail. */
async function failure(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`succeeded with ${value instanceof Uint8Array ? text(value) : value}, where an error was expected`);
}

/** The first `count` of a stream; closes it. Fails after `seconds` without enough. */
async function take(stream, count, seconds = 20) {
  const out = [];
  const timer = setTimeout(() => stream.close(), seconds * 1000);
  try {
    for await (const one of stream) {
      out.push(one);
      if (out.length === count) break;
    }
  } finally {
    clearTimeout(timer);
    stream.close();
  }
  if (out.length < count) throw new Error(`${out.length} of ${count} came within ${seconds} s`);
  return out;
}

module.exports = { Network, domains, failure, grpc, sdk, submitError, take, text, unique, MiB };

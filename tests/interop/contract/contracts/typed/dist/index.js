'use strict';
// As the TypeScript compiler leaves a contract behind: decorators, types in metadata, two contracts in one package.
require('reflect-metadata');
const { Context, Contract, Default, Info, Object: Shape, Property, Returns, Transaction } = require('fabric-contract-api');

/** `@decorators` on a method with parameters of these types, behind the context. */
function declare(type, name, types, ...decorators) {
  Reflect.defineMetadata('design:paramtypes', [type.prototype.createContext().constructor, ...types], type.prototype, name);
  for (const decorator of decorators.reverse()) decorator(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
}

class Asset {}
for (const [name, type] of [['id', String], ['value', Number], ['sealed', Boolean]]) {
  Reflect.defineMetadata('design:type', type, Asset.prototype, name);
  Property()(Asset.prototype, name);
}
Shape()(Asset);

/** A context of one's own, made for every call. */
class Counting extends Context {
  constructor() {
    super();
    this.steps = [];
  }
}

class AssetContract extends Contract {
  constructor() {
    super('AssetContract');
  }
  createContext() {
    return new Counting();
  }
  async beforeTransaction(ctx) {
    ctx.steps.push(`before ${ctx.stub.getFunctionAndParameters().fcn}`);
  }
  async afterTransaction(ctx, result) {
    if (ctx.steps.length > 1) ctx.stub.setEvent('After', Buffer.from(JSON.stringify([...ctx.steps, result])));
  }
  async unknownTransaction(ctx) {
    throw new Error(`nobody does ${ctx.stub.getFunctionAndParameters().fcn}`);
  }
  async create(ctx, asset, times) {
    ctx.steps.push('create');
    await ctx.stub.putState(asset.id, Buffer.from(JSON.stringify({ ...asset, value: asset.value * times })));
    return asset.value * times;
  }
  async read(ctx, id) {
    return JSON.parse((await ctx.stub.getState(id)).toString());
  }
}
declare(AssetContract, 'create', [Asset, Number], Transaction(), Returns('number'));
declare(AssetContract, 'read', [String], Transaction(false), Returns('Asset'));
Info({ title: 'AssetContract', description: 'Assets with types' })(AssetContract);
Default()(AssetContract);

class AuditContract extends Contract {
  constructor() {
    super('org.example.Audit');
  }
  async count(ctx) {
    let found = 0;
    for await (const one of ctx.stub.getStateByRange('', '')) found += one.key ? 1 : 0;
    return found;
  }
}
declare(AuditContract, 'count', [], Transaction(false), Returns('number'));

module.exports.contracts = [AssetContract, AuditContract];

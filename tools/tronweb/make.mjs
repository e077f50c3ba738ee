// What tronweb makes of a request: one JSON object a line in, one a line out, in the same order.
//
//   {"make":"transaction","owner","call":{"kind",..},"terms":{..},"keys":[hex]} -> {"raw","txid","signatures","signed"}
//   {"make":"text","text","key"}                                                -> {"digest","signature","signer"}
//   {"make":"address","text"}                                                   -> {"hex"}, null when it is none
//
// What tronweb refuses is answered as {"error"}. No network is asked for anything: block headers come with the request.

import { createInterface } from 'node:readline'
import { TronWeb } from 'tronweb'

// Whoever waits for a program that hangs waits for ever.
const LIFETIME_MAX_MS = 300_000
setTimeout(() => {
  console.error('make.mjs: the requests took too long')
  process.exit(1)
}, LIFETIME_MAX_MS).unref()

// A port that nobody listens on: a question to a node would fail, and be seen.
const tronWeb = new TronWeb({ fullHost: 'http://127.0.0.1:1' })
const { transactionBuilder: builder, trx, utils } = tronWeb
const bare = hex => hex.replace(/^0x/, '').toLowerCase()

async function build(owner, call, terms) {
  const options = {
    txLocal: true,
    blockHeader: {
      ref_block_bytes: terms.reference_bytes,
      ref_block_hash: terms.reference_hash,
      expiration: terms.expiration,
      timestamp: terms.timestamp
    },
    permissionId: terms.permission_id
  }
  const trigger = async (contract, name, more, parameters) => {
    const all = { ...options, feeLimit: terms.fee_limit, ...more }
    return (await builder.triggerSmartContract(contract, name, all, parameters, owner)).transaction
  }
  // The builder knows no stake for votes alone, though the wire does: that one is set afterwards.
  const resource = call.resource === 'TRON_POWER' ? 'ENERGY' : call.resource
  switch (call.kind) {
    case 'trc20':
      return trigger(call.token, 'transfer(address,uint256)', {}, [
        { type: 'address', value: call.to },
        { type: 'uint256', value: call.units }
      ])
    case 'ask':
      return trigger(call.contract, call.name, {}, call.account ? [{ type: 'address', value: call.account }] : [])
    case 'trigger':
      return trigger(call.contract, '', { input: call.data, callValue: call.value }, [])
    case 'trx':
      return builder.sendTrx(call.to, call.sun, owner, options)
    case 'freeze':
      return builder.freezeBalanceV2(call.sun, resource, owner, options)
    case 'unfreeze':
      return builder.unfreezeBalanceV2(call.sun, resource, owner, options)
    case 'withdraw_expire_unfreeze':
      return builder.withdrawExpireUnfreeze(owner, options)
    case 'cancel_all_unfreeze':
      return builder.cancelUnfreezeBalanceV2(owner, options)
    case 'delegate': {
      const lock = call.lock_blocks !== null
      const blocks = lock ? call.lock_blocks : undefined
      return builder.delegateResource(call.sun, call.receiver, resource, owner, lock, blocks, options)
    }
    case 'undelegate':
      return builder.undelegateResource(call.sun, call.receiver, resource, owner, options)
    case 'permissions':
      return builder.updateAccountPermissions(owner, call.owner, call.witness ?? undefined, call.actives, options)
    default:
      throw new Error(`no such kind: ${call.kind}`)
  }
}

async function transaction({ owner, call, terms, keys }) {
  let tx = await build(owner, call, terms)
  if (terms.memo !== '') tx = await builder.addUpdateData(tx, terms.memo, 'hex', { txLocal: true })
  // What builders have no argument for.
  if (call.resource === 'TRON_POWER') tx.raw_data.contract[0].parameter.value.resource = 'TRON_POWER'
  if (terms.fee_limit !== 0) tx.raw_data.fee_limit = terms.fee_limit
  tx = await builder.newTxID(tx, { txLocal: true })
  delete tx.signature

  for (const key of keys) {
    const theirs = tronWeb.address.fromPrivateKey(key) === owner && keys.length === 1
    tx = await trx.sign(tx, key, true, !theirs)
  }
  const whole = utils.transaction.txJsonToPb(tx)
  for (const signature of tx.signature ?? []) {
    whole.addSignature(Uint8Array.from(utils.code.hexStr2byteArray(bare(signature))))
  }
  return {
    raw: bare(tx.raw_data_hex),
    txid: bare(tx.txID),
    signatures: (tx.signature ?? []).map(bare),
    signed: bare(utils.bytes.byteArray2hexStr(whole.serializeBinary()))
  }
}

function text({ text, key }) {
  const signature = trx.signMessageV2(text, key)
  return {
    digest: bare(utils.message.hashMessage(text)),
    signature: bare(signature),
    signer: utils.message.verifyMessage(text, signature)
  }
}

function address({ text }) {
  return { hex: TronWeb.isAddress(text) ? bare(TronWeb.address.toHex(text)) : null }
}

const makers = { transaction, text, address }
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let answer
  try {
    answer = await makers[request.make](request)
  } catch (error) {
    answer = { error: String(error?.message ?? error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

// A person who holds a key outside: shows it, signs what was handed out, and may send it himself, all by unmodified tronweb.
// One JSON object a line in, one a line out, in the same order.
//
//   {"do":"account","key"}                             -> {"address"}
//   {"do":"show","text","key"}                         -> {"signature"}
//   {"do":"sign","raw_data_hex","key","change"?}       -> {"txID","raw_data_hex","signature":[hex],"visible","raw_data"}
//   {"do":"send","node","transaction"}                 -> what the node says
//
// `change` is put over the fields of raw_data before it is signed. What tronweb refuses is answered as {"error"}.

import { createInterface } from 'node:readline'
import { TronWeb } from 'tronweb'

// Whoever waits for a program that hangs waits for ever.
const LIFETIME_MAX_MS = 60_000
setTimeout(() => {
  console.error('hold.mjs: the requests took too long')
  process.exit(1)
}, LIFETIME_MAX_MS).unref()

const nowhere = new TronWeb({ fullHost: 'http://127.0.0.1:1' })
const { trx, transactionBuilder: builder, utils } = nowhere
const bare = hex => hex.replace(/^0x/, '').toLowerCase()

const person = {
  account: ({ key }) => ({ address: TronWeb.address.fromPrivateKey(key) }),

  show: ({ text, key }) => ({ signature: bare(trx.signMessageV2(text, key)) }),

  async sign({ raw_data_hex, key, change }) {
    const raw_data = utils.deserializeTx.deserializeTransaction('TriggerSmartContract', raw_data_hex)
    const read = { visible: false, txID: '', raw_data: { ...raw_data, ...change }, raw_data_hex }
    const transaction = await builder.newTxID(read, { txLocal: true })
    if (!change && bare(transaction.raw_data_hex) !== bare(raw_data_hex)) {
      throw new Error(`tronweb reads other bytes: ${transaction.raw_data_hex}`)
    }
    const owner = TronWeb.address.toHex(TronWeb.address.fromPrivateKey(key))
    const own = bare(owner) === bare(raw_data.contract[0].parameter.value.owner_address)
    // Another key signs as one of several: tronweb would not let it sign alone.
    return trx.sign(transaction, key, true, !own)
  },

  send: ({ node, transaction }) => new TronWeb({ fullHost: node }).trx.sendRawTransaction(transaction)
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let answer
  try {
    answer = await person[request.do](request)
  } catch (error) {
    answer = { error: String(error?.message ?? error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

// The real wechaty gateway (PuppetServer) over a mocked WeChat account, driven by HTTP on 127.0.0.1.
//
//   node server.mjs GATEWAY_PORT CONTROL_PORT TOKEN [logged-out]
//
// Prints one line of JSON when it is ready, and ends when its standard input does. Contacts and rooms have
// fixed ids, so that a gateway that was killed comes back with the same world.

import { EventEmitter, once } from 'node:events'
import http from 'node:http'

import { FileBox } from 'file-box'
import * as PUPPET from 'wechaty-puppet'
import { PuppetMock, mock } from 'wechaty-puppet-mock'
import { PuppetServer } from 'wechaty-puppet-service'

const BOT = 'bot'
const [gatewayPort, controlPort, token, loggedOut] = process.argv.slice(2)

const mocker = new mock.Mocker()
const happened = new EventEmitter().setMaxListeners(0)
let sent = []
let done = [] // friends and rooms: what was accepted, who was invited
let faults = {} // the keys are explained in gateway.py
let stream // the event stream of the client, to be hung up
let lastId = 0

class AccountPuppet extends PuppetMock {
  // The mock returns no id, knows no mentions and takes rooms by an @ in their id; real puppets do better.
  async messageSendText (conversationId, text, mentionIds = []) {
    return this.show({ conversationId, text, mentionIds }, { text, mentions: mentionIds })
  }

  async messageSendFile (conversationId, file) {
    const content = { conversationId, text: '', name: file.name, base64: await file.toBase64() }
    return this.show(content, { type: PUPPET.types.Message.Image, filename: file.name })
  }

  async show (content, shown) {
    if (faults.sendError) throw new Error(faults.sendError)
    const id = nextId('sent')
    sent.push({ id, ...content })
    happened.emit('sent')
    message({ id, from: BOT, ...shown, ...target(content.conversationId) })
    if (faults.sendDelay) await new Promise(resolve => setTimeout(resolve, faults.sendDelay))
    return id
  }

  async act (what, ...about) {
    if (faults.sendError) throw new Error(faults.sendError)
    done.push([what, ...about])
    happened.emit('done')
    if (faults.sendDelay) await new Promise(resolve => setTimeout(resolve, faults.sendDelay))
  }

  async friendshipAccept (id) { return this.act('friend', id) }

  async roomInvitationAccept (id) { return this.act('invitation', id) }

  async roomAdd (roomId, contactId) { return this.act('invite', roomId, contactId) }

  async friendshipRawPayload (id) { return asked.get(id) }

  async roomInvitationRawPayload (id) { return asked.get(id) }

  async messageRawPayload (id) {
    if (faults.slow) await new Promise(resolve => setTimeout(resolve, 1000))
    return super.messageRawPayload(id)
  }

  async messageImage (id, type) {
    if (faults.noImage?.includes(type)) throw new Error('no such image')
    return super.messageFile(id)
  }

  async messageFile (id) {
    if (faults.noFile) throw new Error('no such file')
    return super.messageFile(id)
  }

  async roomMemberRawPayload (roomId, contactId) {
    const { name } = mocker.contactPayload(contactId)
    return { id: contactId, name, roomAlias: aliases[contactId] ?? '' }
  }

  ding (data) {
    if (!faults.deaf) this.emit('dong', { data })
    happened.emit('ding')
  }
}

const asked = new Map() // friend requests and invitations, by their ids
const aliases = { bot: '小原助手', laozhou: '周师傅' }

function makeWorld () {
  sent = []
  done = []
  faults = {}
  contact(BOT, '小原')
  contact('xiaoman', '小满')
  contact('laozhou', '老周')
  room('members', '会员群', [BOT, 'xiaoman', 'laozhou'])
  room('staff', '运营群', [BOT, 'laozhou'])
}

function contact (id, name = id) {
  mocker.contactPayload(id, { id, name, gender: 0, type: PUPPET.types.Contact.Individual, avatar: '', phone: [], friend: true })
}

function room (id, topic, memberIdList) {
  mocker.roomPayload(id, { id, topic, memberIdList, adminIdList: [] })
}

const nextId = prefix => `${prefix}-${process.pid}-${++lastId}`
const isRoom = id => mocker.cacheRoomPayload.has(id)
const target = id => isRoom(id) ? { room: id } : { to: id }
const list = value => Array.isArray(value) ? value : [value]

function meet (...ids) {
  for (const id of ids) if (id && !mocker.cacheContactPayload.has(id)) contact(id)
}

function message ({ id = nextId('msg'), from, room, to, text = '', type = PUPPET.types.Message.Text, timestamp = Date.now(), mentions = [], filename }) {
  const place = room ? { roomId: room } : { listenerId: to ?? BOT }
  mocker.cacheMessagePayload.set(id, { id, talkerId: from, text, type, timestamp, mentionIdList: mentions, filename, ...place })
  puppet.emit('message', { messageId: id })
  return { id }
}

function roomEvent (name, roomId, payload) {
  puppet.dirtyPayload(PUPPET.types.Dirty.Room, roomId)
  setImmediate(() => puppet.emit(name, { roomId, timestamp: Date.now(), ...payload }))
}

const control = {
  login: ({ id = BOT }) => puppet.login(id),
  logout: () => puppet.logout('signed out on the phone'),
  say: body => { meet(body.from); return message(body) },
  burst: ({ count, text, ...body }) => {
    for (let n = 0; n < count; n++) message({ ...body, text: `${text}${n}` })
  },
  image: ({ base64, name = 'dinner.jpg', ...body }) => {
    const id = body.id ?? nextId('img')
    mocker.cacheFileBoxPayload.set(id, FileBox.fromBase64(base64, name).toJSON())
    return message({ ...body, id, type: PUPPET.types.Message.Image, filename: name })
  },
  befriend: ({ id = nextId('friend'), from, hello, type = PUPPET.types.Friendship.Receive }) => {
    meet(from)
    asked.set(id, { id, contactId: from, hello, type, timestamp: Date.now() })
    puppet.emit('friendship', { friendshipId: id })
    return { id }
  },
  invite: ({ id = nextId('invitation'), from, topic = '新群' }) => {
    const rest = { receiverId: BOT, topic, avatar: '', invitation: '', memberCount: 3, memberIdList: [] }
    asked.set(id, { id, inviterId: from, ...rest, timestamp: Date.now() })
    puppet.emit('room-invite', { roomInvitationId: id })
    return { id }
  },
  recall: ({ id, ...body }) => message({ ...body, text: id, type: PUPPET.types.Message.Recalled }),
  join: ({ room, who, inviter }) => {
    meet(...list(who))
    mocker.roomPayload(room).memberIdList.push(...list(who))
    roomEvent('room-join', room, { inviteeIdList: list(who), inviterId: inviter })
  },
  leave: ({ room, who, remover }) => {
    const payload = mocker.roomPayload(room)
    payload.memberIdList = payload.memberIdList.filter(id => !list(who).includes(id))
    roomEvent('room-leave', room, { removeeIdList: list(who), removerId: remover })
  },
  topic: ({ room, topic, by }) => {
    const payload = mocker.roomPayload(room)
    const oldTopic = payload.topic
    payload.topic = topic
    roomEvent('room-topic', room, { changerId: by, newTopic: topic, oldTopic })
  },
  event: ({ name, payload }) => { puppet.emit(name, payload) },
  rename: ({ id, name }) => { contact(id, name); puppet.dirtyPayload(PUPPET.types.Dirty.Contact, id) },
  faults: body => { faults = body },
  sent: async ({ after = -1 }) => { // waits for a while until there are more than `after`
    const news = sent.length <= after && once(happened, 'sent', { signal: AbortSignal.timeout(1000) })
    await Promise.resolve(news).catch(() => undefined)
    return sent
  },
  done: () => done,
  acted: async ({ after }) => { // waits for a while until more than `after` was done
    const news = done.length <= after && once(happened, 'done', { signal: AbortSignal.timeout(1000) })
    await Promise.resolve(news).catch(() => undefined)
  },
  dinged: async () => { await once(happened, 'ding') },
  state: () => ({ loggedIn: puppet.isLoggedIn, connected: stream !== undefined }),
  reset: () => { makeWorld(); puppet.cache.clear(); if (!puppet.isLoggedIn) puppet.login(BOT) },
  hangup: () => { stream?.end() },
  die: () => { setImmediate(() => process.exit(1)) },
}

async function handle (request, response) {
  let body = ''
  for await (const chunk of request) body += chunk
  try {
    const result = await control[request.url.slice(1)](body ? JSON.parse(body) : {})
    response.end(JSON.stringify(result ?? null))
  } catch (error) {
    response.statusCode = 400
    response.end(String(error))
  }
}

// The event stream is not reachable from outside, but the handler that is given it can be wrapped.
function watchStream (server) {
  const handler = server.grpcServer.handlers.get('/wechaty.Puppet/Event')
  const open = handler.func
  handler.func = call => {
    const write = call.write.bind(call)
    call.write = response => (faults.hideLogin && response.getType() === 25) || write(response)
    call.on('cancelled', () => { if (stream === call) stream = undefined })
    stream ??= call
    open(call)
  }
}

const puppet = new AccountPuppet({ mocker })
makeWorld()
await puppet.start()
if (!loggedOut) puppet.login(BOT)

const server = new PuppetServer({ endpoint: `127.0.0.1:${gatewayPort}`, puppet, token, tls: { disable: true } })
await server.start()
watchStream(server)

process.stdin.on('end', () => process.exit(0)).resume()
http.createServer(handle).listen(Number(controlPort), '127.0.0.1', () => {
  console.log(JSON.stringify({ ready: true, pid: process.pid }))
})

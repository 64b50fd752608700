// The real wechaty gateway (PuppetServer) over a mocked WeChat account, driven by HTTP on 127.0.0.1.
//
//   node server.mjs GATEWAY_PORT CONTROL_PORT TOKEN [logged-out] [tls]
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
const GREETINGS = new Set([1, 25]) // heartbeat and login
const [gatewayPort, controlPort, token, ...flags] = process.argv.slice(2)

const mocker = new mock.Mocker()
const happened = new EventEmitter().setMaxListeners(0)
let sent = []
let done = [] // friends and rooms: what was accepted, who was invited
let faults = {} // the keys are explained in gateway.py
let stream // the event stream of the client, to be hung up or muted
const calls = { streams: 0, messages: 0, members: 0, sends: 0 } // how often
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
    count('sends')
    if (faults.sendError) throw new Error(faults.sendError)
    if (!isRoom(content.conversationId) && !isContact(content.conversationId)) throw new Error('no such conversation')
    await pass(faults.sendLate)
    const id = nextId('sent')
    sent.push({ id, ...content })
    happened.emit('sent')
    message({ id, from: me(), ...shown, ...target(content.conversationId) })
    await pass(faults.sendDelay)
    return id
  }

  async act (what, ...about) {
    if (faults.sendError) throw new Error(faults.sendError)
    done.push([what, ...about])
    happened.emit('done')
    await pass(faults.sendDelay)
  }

  async friendshipAccept (id) { return this.act('friend', id) }

  async roomInvitationAccept (id) { return this.act('invitation', id) }

  async roomAdd (roomId, contactId) { return this.act('invite', roomId, contactId) }

  async friendshipRawPayload (id) { return asked.get(id) }

  async roomInvitationRawPayload (id) { return asked.get(id) }

  async messageRawPayload (id) {
    count('messages')
    await pass(faults.slow && 1000)
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
    count('members')
    await pass(faults.nameless && -1)
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
  mocker.cacheContactPayload.clear()
  mocker.cacheRoomPayload.clear()
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
const pass = ms => ms && new Promise(resolve => ms < 0 || setTimeout(resolve, ms)) // for ever, if negative
const me = () => puppet.isLoggedIn ? puppet.currentUserId : BOT
const isContact = id => mocker.cacheContactPayload.has(id)
const isRoom = id => mocker.cacheRoomPayload.has(id)
const target = id => isRoom(id) ? { room: id } : { to: id }
const list = value => Array.isArray(value) ? value : [value]

function meet (...ids) {
  for (const id of ids) if (id && !isContact(id)) contact(id)
}

function count (what) {
  calls[what]++
  happened.emit('call')
}

const soon = name => once(happened, name, { signal: AbortSignal.timeout(1000) }).catch(() => undefined)

function message ({ id = nextId('msg'), from, room, to, text = '', type = PUPPET.types.Message.Text, timestamp = Date.now(), mentions = [], filename }) {
  const place = room ? { roomId: room } : { listenerId: to ?? me() }
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
  relogin: async ({ id, rooms }) => { // the same account and rooms, by other ids
    if (puppet.isLoggedIn) await puppet.logout('signed out on the phone')
    contact(id, '小原')
    for (const [old, now] of Object.entries(rooms)) {
      const { topic, memberIdList } = mocker.roomPayload(old)
      room(now, topic, memberIdList.map(member => member === BOT ? id : member))
      mocker.cacheRoomPayload.delete(old)
    }
    puppet.login(id)
  },
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
    if (sent.length <= after) await soon('sent')
    return sent
  },
  done: () => done,
  acted: async ({ after }) => { // waits for a while until more than `after` was done
    if (done.length <= after) await soon('done')
    return done
  },
  calls: async ({ of, above = -1 }) => { // waits for a while until there are more than `above`
    if (calls[of] <= above) await soon('call')
    return calls[of]
  },
  dinged: async () => { await once(happened, 'ding') },
  state: () => ({ loggedIn: puppet.isLoggedIn, connected: stream !== undefined }),
  reset: async () => {
    makeWorld()
    puppet.cache.clear()
    if (me() !== BOT) await puppet.logout('the next test')
    if (!puppet.isLoggedIn) puppet.login(BOT)
  },
  hangup: () => { stream?.end() },
  mute: () => { stream.write = () => true },
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
    call.write = response => (faults.old && GREETINGS.has(response.getType())) || write(response)
    call.on('cancelled', () => { if (stream === call) stream = undefined })
    stream ??= call
    count('streams')
    open(call)
  }
}

const puppet = new AccountPuppet({ mocker })
makeWorld()
await puppet.start()
if (!flags.includes('logged-out')) puppet.login(BOT)

const server = new PuppetServer({ endpoint: `127.0.0.1:${gatewayPort}`, puppet, token, tls: { disable: !flags.includes('tls') } })
await server.start()
watchStream(server)

process.stdin.on('end', () => process.exit(0)).resume()
http.createServer(handle).listen(Number(controlPort), '127.0.0.1', () => {
  console.log(JSON.stringify({ ready: true, pid: process.pid }))
})

-- Counts and reservations in Redis. One call is one atomic step: it reads, decides, and only then writes.
--
-- All keys share a hash tag, so all lie in one slot of a cluster and any key may be reached from any call:
--   {tag}:leases      sorted set: id of each open reservation by the end of its lease
--   {tag}:r:ID        reservation (MessagePack); once ended the single letter 's' (settled) or 'v' (void)
--   {tag}:name        name of this set of counts: gone when they are
--   {tag}:granted     how many reservations were granted: fewer than were seen when some are forgotten
--   {tag}:c:NAME      count. Calendar: u used, o open, x unconfirmed, b what was brought back to and n into which set of
--                     counts. Open: o. Smooth: v level × period, t time of v, l leak (units in a period), g all that
--                     was ever taken
-- Every key has a time to live. Times are milliseconds; TIME of this server decides.
-- KEYS[1] is the tag with a colon behind it. Numbers stay below 2^53, where doubles are exact; %.0f writes them in full.

local tag = KEYS[1]
local leases = tag .. 'leases'

local endedTtl = 600000        -- how long a retry of an id that ended is recognised
local unconfirmedTtl = 86400000 -- how long a late settlement can still refund
local spareTtl = 691200000     -- eight days: how long what nobody looks at outlives its lease
local nameTtl = 31 * 86400000  -- gateways renew it every few seconds
local sweepAtOnce = 16

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function whole(number)
  return string.format('%.0f', number + 0) -- -0 would be written as such, which is no number to Redis
end

local function at(key, field)
  return tonumber(redis.call('HGET', key, field) or 0)
end

-- Lets a key live for another `ttl`, never shorter than it would have.
local function keep(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, whole(ttl)) end
end

-- Whether this set of counts is another one than that of which `name` and `granted` were seen, or an older state of it.
-- An empty name: none was seen.
local function hasForgotten(name, granted)
  if name == '' then return false end
  if redis.call('GET', tag .. 'name') ~= name then return true end
  return tonumber(redis.call('GET', tag .. 'granted') or 0) < granted
end

local function exists(key)
  return redis.call('EXISTS', key) == 1
end

-- Smooth counts -------------------------------------------------------------------------------------------------

local function levelOf(key)
  local found = redis.call('HMGET', key, 'v', 't', 'l', 'g')
  local level, since, leak = tonumber(found[1] or 0), tonumber(found[2] or now), tonumber(found[3] or 0)
  return math.max(0, level - math.max(0, now - since) * leak), tonumber(found[4] or 0), leak
end

local function setLevel(key, level, leak, taken)
  redis.call('HSET', key, 'v', whole(level), 't', whole(now), 'l', whole(leak), 'g', whole(taken))
end

-- The three kinds of counts: 'c' calendar, 's' smooth, 'o' open ---------------------------------------------------

-- Holds an amount, gives the mark by which it is settled.
local function take(claim, amount)
  if claim.kind == 's' then
    local level, taken = levelOf(claim.key)
    setLevel(claim.key, level + amount * claim.period, claim.limit, taken + amount)
    keep(claim.key, claim.period + unconfirmedTtl + spareTtl)
    return taken + amount
  end
  redis.call('HINCRBY', claim.key, 'o', whole(amount))
  if claim.kind == 'c' then
    redis.call('PEXPIRE', claim.key, whole(claim.keepUntil - now))
  else
    keep(claim.key, claim.leaseMs + spareTtl)
  end
  return 0
end

-- What was taken after a reservation may stand on its having leaked by now; so a refund leaves at least that.
local function correctSmooth(held, amount)
  local level, taken, leak = levelOf(held.key)
  if amount > held.amount then
    local more = amount - held.amount
    return setLevel(held.key, level + more * held.period, leak, taken + more)
  end
  local after = taken - held.mark
  if after < 0 then after = taken end -- counted anew since
  local least = math.min(level, after * held.period)
  setLevel(held.key, math.max(level - (held.amount - amount) * held.period, least), leak, taken)
end

local function settleHeld(held, amount)
  if not exists(held.key) then return end -- its window is long over
  if held.kind == 's' then return correctSmooth(held, amount) end
  redis.call('HINCRBY', held.key, 'o', whole(-held.amount))
  if held.kind == 'c' then redis.call('HINCRBY', held.key, 'u', whole(amount)) end
end

local function expireHeld(held)
  if held.kind == 's' or not exists(held.key) then return end
  redis.call('HINCRBY', held.key, 'o', whole(-held.amount))
  if held.kind == 'o' then return end
  redis.call('HINCRBY', held.key, 'u', whole(held.amount))
  redis.call('HINCRBY', held.key, 'x', whole(held.amount))
end

local function correctHeld(held, amount)
  if not exists(held.key) then return end
  if held.kind == 's' then return correctSmooth(held, amount) end
  if held.kind == 'o' then return end
  redis.call('HSET', held.key, 'u', whole(math.max(0, at(held.key, 'u') + amount - held.amount)))
  redis.call('HINCRBY', held.key, 'x', whole(-held.amount))
end

-- Reservations --------------------------------------------------------------------------------------------------

local function heldOf(packed)
  return {
    key = tag .. 'c:' .. packed[1], name = packed[1], amount = packed[2], kind = packed[3],
    period = packed[4], mark = packed[5],
  }
end

-- A reservation, or the letter of one that ended, or nil.
local function find(id)
  local stored = redis.call('GET', tag .. 'r:' .. id)
  if not stored then return nil end
  if #stored == 1 then return stored end
  return cmsgpack.unpack(stored)
end

local function store(id, reservation, ttl)
  redis.call('SET', tag .. 'r:' .. id, cmsgpack.pack(reservation), 'PX', whole(ttl))
end

local function expire(id, reservation)
  for _, packed in ipairs(reservation.held) do expireHeld(heldOf(packed)) end
  reservation.expired = true
  store(id, reservation, unconfirmedTtl)
  redis.call('ZREM', leases, id)
end

-- Ends some of the reservations whose leases have ended.
local function sweep()
  local late = redis.call('ZRANGEBYSCORE', leases, '-inf', whole(now), 'LIMIT', 0, sweepAtOnce)
  for _, id in ipairs(late) do
    local reservation = find(id)
    if type(reservation) == 'table' and not reservation.expired then
      expire(id, reservation)
    else
      redis.call('ZREM', leases, id)
    end
  end
end

-- Ends a reservation whose lease has ended, if nobody did so before.
local function endIfLate(id, reservation)
  if type(reservation) == 'table' and not reservation.expired and reservation.leaseEnd <= now then
    expire(id, reservation)
  end
end

-- Claims --------------------------------------------------------------------------------------------------------

local fieldsOfClaim = 11

-- Claims in ARGV from `first`. The second result is true when one is of a window that is not now.
local function claimsFrom(first, count, leaseMs)
  local claims, isWrong = {}, false
  for index = 1, count do
    local arg = first + (index - 1) * fieldsOfClaim
    local claim = {
      name = ARGV[arg], kind = ARGV[arg + 1], start = tonumber(ARGV[arg + 2]), period = tonumber(ARGV[arg + 3]),
      keepUntil = tonumber(ARGV[arg + 4]), before = ARGV[arg + 5], limit = tonumber(ARGV[arg + 6]),
      carryOver = tonumber(ARGV[arg + 7]), enforced = ARGV[arg + 8] == '1', base = tonumber(ARGV[arg + 9]),
      perMillion = tonumber(ARGV[arg + 10]), leaseMs = leaseMs,
    }
    claim.key = tag .. 'c:' .. claim.name
    if claim.kind == 'c' and (now < claim.start or now >= claim.start + claim.period) then isWrong = true end
    claims[index] = claim
  end
  return claims, isWrong
end

local function look(claim)
  if claim.kind == 's' then
    claim.level = levelOf(claim.key)
    claim.used, claim.open = math.ceil(claim.level / claim.period), 0
    return
  end
  local found = redis.call('HMGET', claim.key, 'u', 'o', 'x')
  claim.used, claim.open, claim.unconfirmed = tonumber(found[1] or 0), tonumber(found[2] or 0), tonumber(found[3] or 0)
  if claim.carryOver == 0 then return end
  local last = redis.call('HMGET', tag .. 'c:' .. claim.before, 'u', 'o')
  local left = claim.limit - tonumber(last[1] or 0) - tonumber(last[2] or 0)
  claim.carried = math.min(claim.carryOver, math.max(0, left))
end

local function limitOf(claim)
  return claim.limit + (claim.carried or 0)
end

local function amountOf(claim, output)
  return claim.base + math.ceil(output * claim.perMillion / 1000000)
end

-- Most output, at most `most`, that fits the claim; below 0 when not even its base does.
local function outputWithin(claim, most)
  local room = math.max(0, limitOf(claim) - claim.used - claim.open)
  if amountOf(claim, most) <= room then return most end
  if claim.base > room then return -1 end
  return math.floor((room - claim.base) * 1000000 / claim.perMillion)
end

-- Appends limit, used, open, reset and unconfirmed. `refused`: the amount that did not fit, or 0.
local function report(answer, claim, refused)
  local reset = 0
  if claim.kind == 'c' then
    reset = claim.start + claim.period - now
  elseif claim.kind == 's' then
    local missing = claim.level
    if refused > 0 then missing = missing + (refused - claim.limit) * claim.period end
    if claim.limit == 0 then reset = claim.period else reset = math.max(0, math.ceil(missing / claim.limit)) end
  end
  for _, number in ipairs({ limitOf(claim), claim.used, claim.open, reset, claim.unconfirmed or 0 }) do
    answer[#answer + 1] = number
  end
end

-- Calls: ARGV[1] names one --------------------------------------------------------------------------------------

local calls = {}

-- ARGV: id, owner, leaseMs, least, most, name and granted as seen, number of claims, claims.
-- {'granted', output, granted, states…}, {'refused', index from 0, states…}, {'window', now}, {'ended'} or {'forgotten'}.
function calls.reserve()
  local id, owner, leaseMs = ARGV[2], ARGV[3], tonumber(ARGV[4])
  local least, most = tonumber(ARGV[5]), tonumber(ARGV[6])
  local granted = tonumber(ARGV[8])
  if hasForgotten(ARGV[7], granted) then return { 'forgotten' } end
  local claims, isWrong = claimsFrom(10, tonumber(ARGV[9]), leaseMs)
  local known = find(id)
  if isWrong then return { 'window', now } end
  if known and (type(known) == 'string' or known.expired or known.leaseEnd <= now) then return { 'ended' } end
  sweep()
  for _, claim in ipairs(claims) do look(claim) end
  local output = known and known.output or most
  if not known then
    for index, claim in ipairs(claims) do
      if claim.enforced then output = math.min(output, outputWithin(claim, output)) end
      if output < least then
        local answer = { 'refused', index - 1 }
        for other, of in ipairs(claims) do report(answer, of, other == index and amountOf(of, least) or 0) end
        return answer
      end
    end
    local held = {}
    for index, claim in ipairs(claims) do
      local amount = amountOf(claim, output)
      held[index] = { claim.name, amount, claim.kind, claim.period, take(claim, amount) }
      if claim.kind == 's' then look(claim) else claim.open = claim.open + amount end
    end
    local leaseEnd = now + leaseMs
    store(id, { owner = owner, at = now, leaseEnd = leaseEnd, output = output, held = held }, leaseMs + spareTtl)
    redis.call('ZADD', leases, whole(leaseEnd), id)
    keep(leases, leaseMs + spareTtl)
    granted = redis.call('INCR', tag .. 'granted')
    if granted == 1 then redis.call('PEXPIRE', tag .. 'granted', whole(nameTtl)) end
  end
  local answer = { 'granted', output, granted }
  for _, claim in ipairs(claims) do report(answer, claim, 0) end
  return answer
end

-- ARGV: id, amounts. 'settled', 'already', 'late-refund' or 'unknown'.
function calls.settle()
  local id = ARGV[2]
  local reservation = find(id)
  endIfLate(id, reservation)
  if reservation == 's' then return 'already' end
  if type(reservation) ~= 'table' then
    redis.call('SET', tag .. 'r:' .. id, 'v', 'PX', endedTtl)
    return 'unknown'
  end
  local apply = reservation.expired and correctHeld or settleHeld
  for index, packed in ipairs(reservation.held) do apply(heldOf(packed), tonumber(ARGV[index + 2] or 0)) end
  redis.call('SET', tag .. 'r:' .. id, 's', 'PX', endedTtl)
  redis.call('ZREM', leases, id)
  return reservation.expired and 'late-refund' or 'settled'
end

-- ARGV: id, leaseMs. 1 when it is open.
function calls.renew()
  local id, leaseMs = ARGV[2], tonumber(ARGV[3])
  local reservation = find(id)
  endIfLate(id, reservation)
  if type(reservation) ~= 'table' or reservation.expired then return 0 end
  reservation.leaseEnd = now + leaseMs
  store(id, reservation, leaseMs + spareTtl)
  redis.call('ZADD', leases, whole(reservation.leaseEnd), id)
  keep(leases, leaseMs + spareTtl)
  for _, packed in ipairs(reservation.held) do
    local held = heldOf(packed)
    if held.kind == 'o' and exists(held.key) then keep(held.key, leaseMs + spareTtl) end
  end
  return 1
end

-- ARGV: number of claims, claims. {'counts', states…} or {'window', now}.
function calls.read()
  local claims, isWrong = claimsFrom(3, tonumber(ARGV[2]), 0)
  if isWrong then return { 'window', now } end
  sweep()
  local answer = { 'counts' }
  for _, claim in ipairs(claims) do
    look(claim)
    report(answer, claim, 0)
  end
  return answer
end

-- ARGV: amount, 1, claim. As read.
function calls.adjust()
  local amount = tonumber(ARGV[2])
  local claims, isWrong = claimsFrom(4, 1, 0)
  if isWrong then return { 'window', now } end
  local claim = claims[1]
  look(claim)
  if claim.kind == 's' then
    local level, taken = levelOf(claim.key)
    setLevel(claim.key, math.max(0, level + amount * claim.period), claim.limit, taken + math.max(0, amount))
    keep(claim.key, claim.period + unconfirmedTtl + spareTtl)
  elseif claim.kind == 'c' then
    redis.call('HSET', claim.key, 'u', whole(math.max(0, claim.used + amount)))
    redis.call('PEXPIRE', claim.key, whole(claim.keepUntil - now))
  end
  look(claim)
  local answer = { 'counts' }
  report(answer, claim, 0)
  return answer
end

-- ARGV: how many to skip, how many to list. How many ids there were, then for each that is open: id, owner, age, lease,
-- number of amounts, and for each of these name and amount.
function calls.holds()
  local first = tonumber(ARGV[2])
  local ids = redis.call('ZRANGE', leases, first, first + tonumber(ARGV[3]) - 1)
  local answer = { #ids }
  local function add(value) answer[#answer + 1] = value end
  for _, id in ipairs(ids) do
    local reservation = find(id)
    if type(reservation) == 'table' and not reservation.expired and reservation.leaseEnd > now then
      add(id) add(reservation.owner) add(now - reservation.at) add(reservation.leaseEnd - now)
      add(#reservation.held)
      for _, packed in ipairs(reservation.held) do add(packed[1]) add(packed[2]) end
    end
  end
  return answer
end

-- ARGV: number of claims, claims. `base` of each is what was seen of it before this set of counts forgot. Those who saw
-- more than others raise it by what they saw more, so that nothing is lost of what was counted since. {'done'} or
-- {'window', now}.
function calls.bringBack()
  local claims, isWrong = claimsFrom(3, tonumber(ARGV[2]), 0)
  if isWrong then return { 'window', now } end
  local name = redis.call('GET', tag .. 'name')
  for _, claim in ipairs(claims) do
    look(claim)
    local found = redis.call('HMGET', claim.key, 'b', 'n')
    local floor = found[2] == name and tonumber(found[1]) or claim.used + claim.open
    redis.call('HINCRBY', claim.key, 'u', whole(math.max(0, claim.base - floor)))
    redis.call('HSET', claim.key, 'b', whole(math.max(claim.base, floor)), 'n', name)
    redis.call('PEXPIRE', claim.key, whole(claim.keepUntil - now))
  end
  return { 'done' }
end

-- ARGV: a name for this set of counts if it has none or has forgotten, name and granted as seen. Its name, and how many it
-- has granted; it is written, so it shows whether this server takes writes.
function calls.probe()
  if hasForgotten(ARGV[3], tonumber(ARGV[4])) and redis.call('GET', tag .. 'name') == ARGV[3] then
    redis.call('DEL', tag .. 'name') -- others are to see it, too
  end
  redis.call('SET', tag .. 'name', ARGV[2], 'NX')
  redis.call('PEXPIRE', tag .. 'name', whole(nameTtl))
  redis.call('PEXPIRE', tag .. 'granted', whole(nameTtl))
  return { redis.call('GET', tag .. 'name'), tonumber(redis.call('GET', tag .. 'granted') or 0) }
end

-- As probe, or {'forgotten'}.
function calls.sweep()
  if hasForgotten(ARGV[3], tonumber(ARGV[4])) then return { 'forgotten' } end
  sweep()
  return calls.probe()
end

return calls[ARGV[1]]()

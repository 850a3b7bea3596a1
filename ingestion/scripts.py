"""What runs inside Valkey, where each script is one indivisible step."""

# The events of one or several requests to one partition. An event_id that was seen is left out; the rest is one stream
# entry, a msgpack array of rows. Ids are 63-bit numbers in small integer sets (8 bytes each), by half-week and last three
# digits.
# KEYS: stream, the minute's outcomes, stream of kept events
# ARGV: seen prefix, generation, seconds to live, site, minute, outcomes prefix, most entries, note, n, n x (id, row),
#       m, m x (field, number), kept rows
# Counts go to the minute (per site) and to the total since the first start (for /metrics).
# Returns a text of a digit for each event, 1 where it was known already, or -1 when the stream is full.
PUSH = """
local seen, generation, life, site = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local note, n = ARGV[8], tonumber(ARGV[9])
if n > 0 and redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[7]) then return -1 end
local function packed(rows)
  local c = #rows
  return string.char(0xdd, math.floor(c / 16777216) % 256, math.floor(c / 65536) % 256, math.floor(c / 256) % 256,
                     c % 256) .. table.concat(rows)
end
local function count(name, number)
  redis.call('HINCRBY', KEYS[2], name, number)
  redis.call('HINCRBY', ARGV[6] .. ':total', string.match(name, '|(.*)|'), number)
end
local rows, told, at = {}, {}, 10
for i = 1, n do
  local id, bucket = ARGV[at], string.sub(ARGV[at], -3)
  local known = 0
  for g = generation, generation - 2, -1 do
    known = redis.call('SISMEMBER', seen .. ':' .. g .. ':' .. bucket, id)
    if known == 1 then break end
  end
  if known == 0 then
    local set = seen .. ':' .. generation .. ':' .. bucket
    redis.call('SADD', set, id)
    if redis.call('SCARD', set) == 1 then redis.call('EXPIRE', set, life) end
    rows[#rows + 1] = ARGV[at + 1]
  end
  told[i] = known
  at = at + 2
end
if #rows > 0 then
  redis.call('XADD', KEYS[1], '*', '1', packed(rows))
  count(site .. '|stored|' .. note, #rows)
end
if n > #rows then count(site .. '|duplicate|' .. note, n - #rows) end
for i = 1, tonumber(ARGV[at]) do
  count(ARGV[at + 1], ARGV[at + 2])
  at = at + 2
end
redis.call('EXPIRE', KEYS[2], 172800)
redis.call('SADD', ARGV[6], ARGV[5])
local kept = {}
for i = at + 1, #ARGV do kept[#kept + 1] = ARGV[i] end
if #kept > 0 then redis.call('XADD', KEYS[3], '*', '1', packed(kept)) end
return table.concat(told)
"""

# A batch, and the manifest that names it ("first last"), in one step: between looking and claiming no other writer can
# drain the same entries. A manifest that a dead writer left is handed out again, exactly. Rows of an entry are counted by
# the header of its msgpack array.
# KEYS: stream, manifest. ARGV: rows wanted
# Returns the entries; none when there are none.
TAKE = """
local held = redis.call('GET', KEYS[2])
local from, to = '-', '+'
if held then from, to = string.match(held, '^(%S+) (%S+)$') end
local out, rows, enough = {}, 0, false
repeat
  local part = redis.call('XRANGE', KEYS[1], from, to, 'COUNT', 200)
  for i = 1, #part do
    out[#out + 1] = part[i]
    local a, b, c, d = string.byte(part[i][2][2], 2, 5)
    rows = rows + ((a * 256 + b) * 256 + c) * 256 + d
    enough = not held and rows >= tonumber(ARGV[1])
    if enough then break end
  end
  if #part > 0 then from = '(' .. part[#part][1] end
until enough or #part < 200
if #out == 0 then
  redis.call('DEL', KEYS[2])
elseif not held then
  redis.call('SET', KEYS[2], out[1][1] .. ' ' .. out[#out][1])
end
return out
"""

# KEYS: stream, manifest. ARGV: the manifest as we know it, the first id to keep, then (key, value, ms to live) ...
ACK = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2])
for i = 3, #ARGV, 3 do redis.call('SET', ARGV[i], ARGV[i + 1], 'PX', ARGV[i + 2]) end
redis.call('DEL', KEYS[2])
return 1
"""

# KEYS: lease, pause. ARGV: holder, ms. Returns whether it is ours now. One that lasts longer than any is given for was given
# by a clock that ran ahead, and would lock everybody out until that time comes. Nobody gets one while a backup pauses all.
LEASE = """
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# KEYS: lease, pause. ARGV: holder, ms. Prolong it if it is still ours and nobody wants to pause the writers.
RENEW = """
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

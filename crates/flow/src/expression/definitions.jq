# jq's functions, as far as they are written in jq: over those of `functions`.

def empty: {}[] as $x | .;
def error: _error as $x | .;
def error(message): (message | _error) as $x | .;

def select(f): if f then . else empty end;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(_is("boolean"));
def numbers: select(_is("number"));
def strings: select(_is("string"));
def arrays: select(_is("array"));
def objects: select(_is("object"));
def iterables: select(_is("array") or _is("object"));
def scalars: select((_is("array") or _is("object")) | not);
def finites: select(_is("number") and (isinfinite or isnan | not));
def normals: select(_is("number") and isnormal);
def isvalid(f): try (f | true) catch false;
def tostring: "\(.)";

def map(f): [.[] | f];
def map_values(f): .[] |= first(f);
def recurse(f): def rec: ., (f | rec); rec;
def recurse: recurse(.[]?);
def recurse(f; condition): recurse(f | select(condition));
def walk(f): .. |= f;
def range($from; $to; $by):
  if ($from | _is("number")) and ($to | _is("number")) and ($by | _is("number")) | not then error("Range bounds must be numeric")
  elif $by == 0 then empty
  else _range($from; $to; $by) end;
def range($from; $to):
  if $from | _is("number") | not then error("Range bounds must be numeric")
  elif $to | _is("number") | not then error("Range bounds must be numeric")
  else _range($from; $to; 1) end;
def range($to): if $to | _is("number") then _range(0; $to; 1) else error("Range bounds must be numeric") end;
def repeat(f): def rec: f, rec; rec;
def while(condition; update): def rec: if condition then ., (update | rec) else empty end; rec;
def until(condition; update): def rec: if condition then . else update | rec end; rec;
def limit($n; f): if $n < 0 then error("limit doesn't support negative count") else _limit($n; f) end;
def skip($n; f): if $n < 0 then error("skip doesn't support negative count") else _skip($n; f) end;
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(_skip($n; f)) end;
def isempty(f): first((f | false), true);
def all(f; condition): isempty(f | condition and empty);
def any(f; condition): isempty(f | condition or empty) | not;
def all(condition): all(.[]; condition);
def any(condition): any(.[]; condition);
def all: all(.[]; .);
def any: any(.[]; .);
def add(f): [f] | add;
def in($whole): . as $key | $whole | has($key);
def inside($whole): . as $part | $whole | contains($part);
def combinations:
  if length == 0 then [] else .[0][] as $first | (.[1:] | combinations) as $rest | [$first] + $rest end;
def combinations($n): . as $items | [range($n)] | map($items) | combinations;
def flatten: _flatten(infinite);
def flatten($depth): _flatten($depth);
def transpose: [range([.[] | length] | max // 0) as $i | [.[][$i]]];
def with_entries(f): to_entries | map(f) | from_entries;
def toarray: if _is("array") then . else [.] end;
def abs: if _is("number") and . < 0 then - . else . end;
def index($part): indices($part) | if . == null then . else .[0] end;
def rindex($part): indices($part) | if . == null then . else .[-1] end;

def paths: _skip(1; path(..));
def paths(f): _skip(1; _path_value(..)) | if .[1] | f then .[0] else empty end;
def leaf_paths: paths(scalars);
def getpath($path):
  if $path | _is("array") | not then error("Path must be specified as an array")
  else reduce $path[] as $part (.; .[$part]) end;
def setpath($path; $value): _setpath($path; $value);
def del(f): delpaths([path(f)]);
def pick(f): . as $whole | reduce path(f) as $path (null; _setpath($path; $whole | getpath($path)));
# What `paths |= f` is where jaq's own would go another way: each place in turn, the first output of each, and what has none
# goes at the end.
def _modify(f; g):
  reduce path(f) as $path ([., []];
    . as [$whole, $gone]
    | [first($whole | getpath($path) | g)] as $new
    | if $new == [] then [$whole, $gone + [$path]] else [($whole | _setpath($path; $new[0])), $gone] end)
  | . as [$whole, $gone] | $whole | delpaths($gone);
def _assign(f; $value): reduce path(f) as $path (.; _setpath($path; $value));

def IN(f): any(f == .; .);
def IN(items; f): any(items == f; .);
def INDEX(items; key): reduce items as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; items; key): items | [., $index[key]];
def JOIN($index; items; key; joined): items | [., $index[key]] | joined;
def ascii: [.] | implode;

def tostream:
  def events($path):
    if (_is("array") or _is("object")) and length > 0 then
      . as $whole
      | keys_unsorted as $keys
      | ($keys[] as $key | $whole[$key] | events($path + [$key])), [$path + [$keys[-1]]]
    else [$path, .] end;
  events([]);
def fromstream(events):
  foreach events as $event ({};
    (if .done then {} else . end)
    | if $event | length == 2 then .value |= setpath($event[0]; $event[1]) | .done = ($event[0] == [])
      else .done = ($event[0] | length == 1) end;
    if .done then .value else empty end);
def truncate_stream(events): . as $depth | events | .[0] |= .[$depth:] | select(.[0] | length > 0);

def test($pattern): test($pattern; null);
def match($pattern; $flags): _match($pattern; $flags)[];
def match($pattern): _match($pattern; null)[];
def capture($pattern; $flags): _capture($pattern; $flags)[];
def capture($pattern): _capture($pattern; null)[];
def scan($pattern; $flags): _scan($pattern; "g" + $flags)[];
def scan($pattern): scan($pattern; null);
def split($pattern; $flags): _split($pattern; "g" + $flags);
def splits($pattern; $flags): split($pattern; $flags)[];
def splits($pattern): splits($pattern; null);
def sub($pattern; f; $flags): _sub($pattern; $flags; f);
def sub($pattern; f): _sub($pattern; null; f);
def gsub($pattern; f; $flags): _sub($pattern; $flags + "g"; f);
def gsub($pattern; f): _sub($pattern; "g"; f);
def trimstr($part): ltrimstr($part) | rtrimstr($part);

def todate: todateiso8601;
def fromdate: fromdateiso8601;
def date: todate;
def dateadd($unit; $n): . + $n;
def datesub($unit; $n): . - $n;

def logb: if . == 0 then -infinite elif isinfinite then infinite elif isnan then . else ilogb end;
def significand:
  if isinfinite or isnan or . == 0 then . else scalbln(.; ilogb | -1 * .) end;
def pow10: pow(10; .);
def drem($left; right): remainder($left; right) | if . == 0 then copysign(.; $left) end;
def nexttoward(x; y): nextafter(x; y);
def scalb(x; e): x * pow(2; e);
def gamma: lgamma;

def debug: .;
def debug(messages): .;
def stderr: .;
def have_literal_numbers: true;
def have_decnum: true;

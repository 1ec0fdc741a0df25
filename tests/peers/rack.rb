# What Rack reads of queries and forms, as it hands them to Rails and Sinatra.
#
#   ruby rack.rb < ["a[][b]=1", …]  → [{"a": [{"b": "1"}]}, …]

require "json"
require "rack"

read = JSON.parse($stdin.read).map { |text| Rack::Utils.parse_nested_query(text) }
$stdout.write(JSON.generate(read))

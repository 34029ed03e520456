# usage: load.sh URL: what ab and wrk say of it, but for the rates.
show() { grep -E "^(Complete|Failed|Non-2xx)" | tr -s ' '; }
echo "ab, connections kept:"
ab -q -k -n 2000 -c 8 "$1" | show
echo "ab, a connection for each:"
ab -q -n 200 -c 8 "$1" | show
echo "wrk, 32 connections: $(wrk -t1 -c32 -d3s --timeout 30s "$1" |
  awk '/Socket errors|Non-2xx/; / requests in / { print "served" }')"

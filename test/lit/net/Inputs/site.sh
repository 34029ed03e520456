# usage: site.sh URL FOLDER: what samples/static-site says of the folder's files.
set -e
ask() { curl -s -m 20 "$@"; }
got=$(mktemp)
ask -o "$got" -w '%{content_type} %{http_code}\n' "$1/"
cmp "$got" "$2/index.html"
tag=$(ask -D - -o /dev/null "$1/" | tr -d '\r' | sed -n 's/^ETag: //p')
ask -o /dev/null -w '%{http_code}\n' -H "If-None-Match: $tag" "$1/"
ask -r 0-14 "$1/index.html"
echo
ask -o /dev/null -w '%{http_code}\n' -r 0-14 "$1/index.html"
ask -o "$got" -w '%{content_type} %{http_code}\n' "$1/style.css"
cmp "$got" "$2/style.css"
ask -o /dev/null -w '%{http_code}\n' "$1/none"
rm "$got"

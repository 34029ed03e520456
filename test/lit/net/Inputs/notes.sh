# usage: notes.sh URL: a session with samples/http.
set -e
ask() { curl -s -m 20 "$@"; }
ask "$1/"
ask -d '{"text": "sealed"}' "$1/notes"
ask -d '{"text": "small"}' "$1/notes"
ask "$1/notes"
ask -d '[' "$1/notes"
ask -o /dev/null -w '%{http_code}\n' -X DELETE "$1/notes/1"
ask "$1/notes/1"
ask "$1/notes/2"

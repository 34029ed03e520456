# compare.sh CC "DIRECT" SOURCE: the program's output as an image is that of the same
# source on the Linux target, in an empty folder.
set -e
cc=$1 direct=$2 source=$3
rm -rf work && mkdir work
$cc -O1 -w -I"$(dirname "$0")" --ampoule-unsupported=stub --ampoule-target=linux "$source" -o host
$cc -O1 -w -I"$(dirname "$0")" --ampoule-unsupported=stub "$source" -o image
(cd work && timeout 60 ../host) > expected
$direct image > actual
diff expected actual
test "$(grep -c ' = ' actual)" -ge "$4"

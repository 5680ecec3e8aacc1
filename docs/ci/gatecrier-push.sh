set -eu

fail() {
	echo "gatecrier-push: $1" >&2
	exit 1
}

fetch() {
	curl --fail --silent --show-error --location --retry 3 --output "$2" "$1" || fail "cannot download $1"
}

# Without an address of releases, the program is the gatecrier of the PATH.
program=gatecrier
if [ -n "${GATECRIER_RELEASES:-}" ]; then
	[ -n "${GATECRIER_VERSION:-}" ] || fail "set the version to download from $GATECRIER_RELEASES"
	case $(uname -m) in
	x86_64) name=gatecrier_${GATECRIER_VERSION}_linux_amd64 ;;
	aarch64 | arm64) name=gatecrier_${GATECRIER_VERSION}_linux_arm64 ;;
	*) fail "there is no release for $(uname -m)" ;;
	esac
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	fetch "$GATECRIER_RELEASES/v$GATECRIER_VERSION/$name.tar.gz" "$work/archive"
	sum=${GATECRIER_SHA256:-}
	if [ -z "$sum" ]; then
		fetch "$GATECRIER_RELEASES/v$GATECRIER_VERSION/SHA256SUMS" "$work/sums"
		sum=$(archive=$name.tar.gz awk '$2 == ENVIRON["archive"] || $2 == "*" ENVIRON["archive"] { print $1 }' "$work/sums")
	fi
	echo "$sum  $work/archive" | sha256sum -c - > /dev/null 2>&1 ||
		fail "the SHA-256 of $name.tar.gz is not the expected one: the download is not used"
	tar -xzf "$work/archive" -C "$work"
	program=$work/$name/gatecrier
fi

branch=${PUSH_BRANCH:-${CI_COMMIT_REF_NAME:-}}
set -- push "--format=${PUSH_FORMAT:-text}" "--retry=${PUSH_RETRY:-5m}"
[ -z "$branch" ] || set -- "$@" "--branch=$branch"
if [ -n "$branch" ] && [ "$branch" = "${PUSH_DEFAULT_BRANCH:-${CI_DEFAULT_BRANCH:-}}" ]; then
	set -- "$@" --default-branch
fi
[ -z "${PUSH_SCANNER:-}" ] || set -- "$@" "--scanner=$PUSH_SCANNER"
[ -z "${PUSH_SOURCE:-}" ] || set -- "$@" "--source=$PUSH_SOURCE"
case ${PUSH_FAIL_ON_GATE:-true} in
true) set -- "$@" --fail-on-gate ;;
false) ;;
*) fail "fail-on-gate is true or false, not $PUSH_FAIL_ON_GATE" ;;
esac
set -- "$@" --
while IFS= read -r file; do
	[ -z "$file" ] || set -- "$@" "$file"
done << END_OF_FILES
${PUSH_FILES:-}
END_OF_FILES

# Exits with 0, 2 if the gate failed, or 1 after an error.
"$program" "$@"

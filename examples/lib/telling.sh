# What the tutorials share: they explain, show a command as one would type it, and run it.

say() { printf '\n'; printf '# %s\n' "$@"; }

run() { # shows the command, quoted where a shell needs it, and runs it
  printf '$'
  for word in "$@"; do
    case $word in
      '' | *[!A-Za-z0-9_./:=,@%+-]*) printf " '%s'" "${word//\'/\'\\\'\'}" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
  "$@"
}

check() { # check WHAT WANTED GOT
  if [ "$2" != "$3" ]; then
    echo "the story went wrong: $1: expected $2, found $3" >&2
    exit 1
  fi
}

eventually() { # eventually WANTED COMMAND...: waits until the command prints that, for controllers work in the background
  local wanted=$1
  shift
  for _ in $(seq 200); do
    if [ "$("$@" 2>/dev/null)" = "$wanted" ]; then return; fi
    sleep 0.05
  done
  echo "the story went wrong: '$*' never printed $wanted" >&2
  exit 1
}

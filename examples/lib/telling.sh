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

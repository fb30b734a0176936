"""completion: a script that makes the shell complete words; it asks `minictl __complete` what could come next."""

from __future__ import annotations

from minictl.errors import UsageError
from minictl.grammar.flags import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minictl.grammar.flags import Flags
    from minictl.session import Session

BASH = r"""# bash completion for minictl
# use it now:        source <(minictl completion bash)
# use it for ever:   minictl completion bash > ~/.local/share/bash-completion/completions/minictl

_minictl_complete() {
    local current words candidates
    current="${COMP_WORDS[COMP_CWORD]}"
    words=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    COMPREPLY=()

    # the last word of the answer may be a directive for files
    candidates="$(minictl __complete "${words[@]}" "$current" 2>/dev/null)" || return 0
    if [ "$candidates" = ":files" ]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return 0
    fi
    mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")

    # no space after `--flag=` and `type/`
    if [ "${#COMPREPLY[@]}" -eq 1 ] && [[ "${COMPREPLY[0]}" == *[=/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# by these names other words can be completed alike: complete -o default -F __start_kubectl k
__start_minictl() { _minictl_complete "$@"; }
__start_kubectl() { _minictl_complete "$@"; }

complete -o default -F _minictl_complete minictl
"""
ZSH = r"""#compdef minictl
# zsh completion for minictl
# use it now:        source <(minictl completion zsh)

_minictl() {
    local -a candidates
    candidates=("${(@f)$(minictl __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ "${candidates[1]}" == ":files" ]]; then
        _files
        return
    fi
    compadd -a candidates
}

compdef _minictl minictl
"""
FISH = r"""# fish completion for minictl
# use it now:        minictl completion fish | source

function __minictl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l candidates (minictl __complete $words[2..-1] 2>/dev/null)
    if test "$candidates" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $candidates
    end
end

complete -c minictl -f -a '(__minictl_complete)'
"""
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def run(session: Session, flags: Flags, args: list[str]) -> None:
    """Prints the script of one shell."""
    if not args:
        raise UsageError("Shell not specified.", session.path)
    if len(args) > 1:
        raise UsageError("Too many arguments. Expected only the shell type.", session.path)
    if args[0] not in SHELLS:
        raise UsageError(f'Unsupported shell type "{args[0]}".', session.path)
    session.out.write(SHELLS[args[0]])


command = Command("completion", run, usage="completion (bash | zsh | fish)")

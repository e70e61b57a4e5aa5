import type {Configuration} from '../config.ts'
import {type Candidate, type CompletableCommand, complete} from '../domain/completion.ts'
import {configuredNodes} from '../domain/settings.ts'
import {quoteForShell} from '../domain/shell.ts'

/** A shell that natsops completes in. */
export type Shell = 'bash' | 'zsh' | 'fish'

/** What the shell knows best; `completion words` prints it with a colon, which no candidate begins with. */
export type FromShell = 'files' | 'folders'

/**
 * The candidates for the last of `words`, as `complete` says them, or what the shell is to offer itself. Reads
 * configuration files and labs of this machine, asks nobody, and never rejects: a shell has no place for an error.
 */
export async function completeWords(
  words: readonly string[],
  commands: readonly CompletableCommand[],
  configuration: Configuration,
): Promise<readonly Candidate[] | FromShell> {
  const completion = complete(words, commands)
  try {
    switch (completion.kind) {
      case 'words':
        return completion.candidates
      case 'file':
        return 'files'
      case 'folder':
        return 'folders'
      case 'cluster':
        return namesOf(await configuration.clusters().then((all) => all.map(({settings}) => settings)))
      case 'lab': {
        const clusters = await configuration.clusters()
        const labs = clusters.filter(({sources}) => sources.get('name')?.layer === 'lab')
        return namesOf(labs.map(({settings}) => settings))
      }
      case 'node': {
        const {settings} = await configuration.cluster({cluster: completion.cluster})
        return namesOf(configuredNodes(settings))
      }
      case 'fault': {
        const {faultKinds} = await import('../lab/faults.ts')
        return Object.entries(faultKinds).map(([value, {about}]) => ({value, description: about}))
      }
      case 'rule': {
        const {lintRules} = await import('../author/lint-rules.ts')
        return Object.entries(lintRules).map(([value, {reason}]) => ({value, description: reason}))
      }
    }
  } catch {
    return []
  }
}

/**
 * Names from files, of which one may be somebody else's: bash puts a candidate into the line as it is, and would run
 * what stands in `$(...)` at the next Enter. A name that needs quotes is left to be typed.
 */
function namesOf(all: readonly {readonly name: string}[]): readonly Candidate[] {
  return all.filter(({name}) => quoteForShell([name]) === name).map(({name}) => ({value: name}))
}

/** The script that makes a shell ask natsops, to be evaluated by it or put where it looks for completions. */
export function completionScript(shell: Shell): string {
  return scripts[shell]
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `_natsops() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line value kind
  COMPREPLY=()
  [ "$current" = '=' ] && current=
  while IFS= read -r line; do
    case "$line" in :files) kind=f ;; :folders) kind=d ;; *) kind= ;; esac
    if [ -n "$kind" ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen "-$kind" -- "$current")
      return
    fi
    value="\${line%%$'\\t'*}"
    case "$value" in "$current"*) COMPREPLY+=("$value") ;; esac
  done < <(natsops completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _natsops natsops
`,
  zsh: `#compdef natsops
_natsops() {
  local -a lines items
  local line
  lines=("\${(@f)$(natsops completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  # What stands before = is not completed.
  compset -P '--*='
  for line in $lines; do
    case $line in
      :files) _files; return ;;
      :folders) _files -/; return ;;
      *$'\\t'*) items+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) items+=("\${line//:/\\\\:}") ;;
    esac
  done
  _describe natsops items
}
# Run as a file of $fpath, this is the first completion itself; evaluated, it is not.
if [ "$funcstack[1]" = _natsops ]; then _natsops "$@"; else compdef _natsops natsops; fi
`,
  fish: `function __natsops_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (natsops completion words -- $words[2..] "$current" 2>/dev/null)
    # What stands before = belongs to each candidate.
    set -l before (string match -r -- '^--[^=]*=|^' "$current")
    set -l typed (string sub -s (math 1 + (string length -- "$before")) -- "$current")
    switch "$lines"
        case :files
            printf '%s\\n' $before(__fish_complete_path "$typed")
        case :folders
            printf '%s\\n' $before(__fish_complete_directories "$typed")
        case '*'
            printf '%s\\n' $before$lines
    end
end
complete -c natsops -f -a '(__natsops_complete)'
`,
}

import { SETTING_ROWS } from '../../settings/table.ts';
import { Failure } from '../../model/failure.ts';
import { type Command, EXIT } from '../command.ts';

/** `commands` is asked late: this command is one of them. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    words: '<bash|zsh|fish>',
    summary: 'print a script by which a shell completes commands and options',
    details:
      'examples:\n' +
      '  pilotlight completion bash > /etc/bash_completion.d/pilotlight\n' +
      '  source <(pilotlight completion zsh)\n' +
      '  pilotlight completion fish > ~/.config/fish/completions/pilotlight.fish',
    options: {},
    run({ words: [shell = ''] }, { stdout }) {
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
      if (script === undefined) throw new Failure('invalid', `expected ${Object.keys(SCRIPTS).join(', ')}`);
      stdout.write(script(commands()));
      return Promise.resolve(EXIT.ok);
    },
  };
}

const SCRIPTS: Readonly<Record<string, (commands: readonly Command[]) => string>> = { bash, zsh, fish };

function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const words = [...choicesOf(command.words), ...optionsOf(command).map(({ long }) => long)];
    return `    ${command.name}) words="${words.join(' ')} $settings" ;;`;
  });
  const taking = commands.flatMap(optionsOf).filter(({ value }) => value !== undefined);
  const choosing = taking.filter(({ value = '' }) => choicesOf(value).length > 0);
  const filing = new Set([
    ...taking.flatMap(({ long, short }) => (short === undefined ? long : [long, `-${short}`])),
    '=',
  ]);
  return `_pilotlight() {
  local words settings="${SETTING_ROWS.map(({ flag }) => `--${flag}`).join(' ')}"
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words= ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(({ name }) => name).join(' ')} --help --version"
  case "$before" in
${choosing.map(({ long, value = '' }) => `    ${long}) words="${choicesOf(value).join(' ')}" ;;`).join('\n')}
    ${[...filing].join('|')}) words= ;;
    *) case " $settings " in *" $before "*) words= ;; esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _pilotlight pilotlight
`;
}

/** Good for a file of the name _pilotlight in $fpath, and to be sourced. */
function zsh(commands: readonly Command[]): string {
  const option = (flag: string, help: string, value?: string): string =>
    quoted(`${flag}[${bracketed(help)}]${value === undefined ? '' : `:value:${choicesOrFiles(value)}`}`);
  const cases = commands.map((command) => {
    const options = optionsOf(command).flatMap(({ long, short, value, help }) =>
      [long, ...(short === undefined ? [] : [`-${short}`])].map((flag) => option(flag, help, value)),
    );
    const choices = choicesOf(command.words);
    const first = choices.length === 0 ? [] : [quoted(`1:word:(${choices.join(' ')})`)];
    return `    ${command.name}) options=(${[...options, ...first].join(' ')}) ;;`;
  });
  return `#compdef pilotlight
_pilotlight() {
  local -a commands options settings
  commands=(${commands.map(({ name, summary }) => quoted(`${name}:${summary}`)).join(' ')})
  settings=(${SETTING_ROWS.map(({ flag, help }) => option(`--${flag}`, help, '')).join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join('\n')}
    *) return 1 ;;
  esac
  shift words
  (( CURRENT-- ))
  _arguments -s $options $settings '*:file:_files'
}
if [ "$funcstack[1]" = _pilotlight ]; then
  _pilotlight "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _pilotlight pilotlight
fi
`;
}

function choicesOrFiles(value: string): string {
  const choices = choicesOf(value);
  return choices.length === 0 ? '_files' : `(${choices.join(' ')})`;
}

function bracketed(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, '\\$&');
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const inside = `complete -c pilotlight -n '__fish_seen_subcommand_from ${command.name}'`;
    return [
      `complete -c pilotlight -n __fish_use_subcommand -f -a ${command.name} -d ${fishQuoted(command.summary)}`,
      ...choicesOf(command.words).map((choice) => `${inside} -f -a ${choice}`),
      ...optionsOf(command).map(({ long, short, value, help }) =>
        [inside, `-l ${long.slice(2)}`, short && `-s ${short}`, ...takes(value), `-d ${fishQuoted(help)}`]
          .filter(Boolean)
          .join(' '),
      ),
    ];
  });
  const settings = SETTING_ROWS.map(({ flag, help }) => `complete -c pilotlight -l ${flag} -r -d ${fishQuoted(help)}`);
  return [...lines, ...settings].map((line) => `${line}\n`).join('');
}

function takes(value: string | undefined): readonly string[] {
  const choices = choicesOf(value ?? '');
  if (choices.length > 0) return ['-x', `-a ${fishQuoted(choices.join(' '))}`];
  return value === undefined ? [] : ['-r'];
}

/** The words of which one must follow: `<script|config|args>` says them, `<NODE|MAC>` does not. */
function choicesOf(words: string): readonly string[] {
  const [first = ''] = words.split(' ');
  const choices = first.slice(1, -1).split('|');
  return choices.every((word) => /^[a-z-]+$/.test(word)) ? choices : [];
}

function optionsOf({ options }: Command) {
  return Object.entries(options).map(([flags, help]) => {
    const {
      short,
      long = '',
      value,
    } = /^(?:-(?<short>\w), )?(?<long>--[a-z\d-]+)(?: (?<value>.+))?$/.exec(flags)?.groups ?? {};
    return { short, long, value, help };
  });
}

/** For bash and zsh, where nothing ends a quote but a quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}

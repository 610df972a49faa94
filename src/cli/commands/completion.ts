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

const SCRIPTS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash,
  // zsh reads the same script through its own emulation.
  zsh: (commands) =>
    `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`,
  fish,
};

function bash(commands: readonly Command[]): string {
  const settings = SETTING_ROWS.map(({ flag }) => `--${flag}`).join(' ');
  const cases = commands.map((command) => {
    const words = [...choicesOf(command), ...optionsOf(command).map(({ long }) => long)];
    return `    ${command.name}) words="${words.join(' ')} $settings" ;;`;
  });
  return `_pilotlight() {
  local words settings="${settings}"
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words= ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(({ name }) => name).join(' ')} --help --version"
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _pilotlight pilotlight
`;
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const inside = `complete -c pilotlight -n '__fish_seen_subcommand_from ${command.name}'`;
    return [
      `complete -c pilotlight -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.summary)}`,
      ...choicesOf(command).map((choice) => `${inside} -f -a ${choice}`),
      ...optionsOf(command).map(({ long, short, value, help }) =>
        [inside, `-l ${long.slice(2)}`, short && `-s ${short}`, value && '-r', `-d ${quoted(help)}`]
          .filter(Boolean)
          .join(' '),
      ),
    ];
  });
  const settings = SETTING_ROWS.map(({ flag, help }) => `complete -c pilotlight -l ${flag} -r -d ${quoted(help)}`);
  return [...lines, ...settings].map((line) => `${line}\n`).join('');
}

/** The words of which one must follow the command: `<script|config|args>` says them, `<NODE|MAC>` does not. */
function choicesOf({ words }: Command): readonly string[] {
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
    } = /^(?:-(?<short>\w), )?(?<long>--[a-z-]+)(?: (?<value>.+))?$/.exec(flags)?.groups ?? {};
    return { short, long, value, help };
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}

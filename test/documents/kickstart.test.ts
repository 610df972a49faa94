import { expect, test } from 'vitest';
import { checkKickstart } from '../../src/documents/kickstart.ts';
import { Diagnostics } from '../../src/text/diagnostics.ts';

function check(text: string): readonly string[] {
  const findings = new Diagnostics(text);
  checkKickstart(text, findings);
  return findings
    .sorted()
    .map(
      ({ severity, message, remedy, place: { line } }) =>
        `${severity} ${String(line ?? '-')} ${message} (${remedy ?? ''})`,
    );
}

const WHOLE = `#version=RHEL9
text
url --url="http://mirror.example/BaseOS"  # it's "here
lang en_US.UTF-8
network --bootproto=dhcp --hostname='r 1'
rootpw --iscrypted "$6$a\\"b"
ignoredisk --only-use=sda
clearpart --all --initlabel
autopart

%addon com_redhat_kdump --enable
%end
%packages
@core
%end # done
%pre --interpreter=/usr/bin/python3
print("%s" % 1)
%s is not a section here
  %end
%post --erroronfail
echo "100%"
cat <<X
don't
X
%end
`;

test('a whole one has no findings', () => {
  expect(check(WHOLE)).toEqual([]);
  expect(check(WHOLE.replaceAll('\n', '\r\n'))).toEqual([]);
});

test.each([
  ['%post\necho a\n', 'error 4 the section %post does not end with %end (add a line "%end" after its last line)'],
  ['%post\necho a\n%packages\n@core\n%end\n', 'error 4 the section %post does not end with %end'],
  ['%packages\n@core\n%end\n%end\n', 'error 7 this %end ends no section'],
  ['%postt\n', 'error 4 Anaconda knows no section "%postt" (did you mean "%post"?)'],
  ['%package\n@core\n%end\n', 'error 4 Anaconda knows no section "%package" (did you mean "%packages"?)'],
  ['%something-new\n', 'warning 4 no Anaconda is known that has a section "%something-new"'],
  ['lang "en_US\n', 'error 4 a quote is not closed in this line'],
  ["keyboard 'us\n", 'error 4 a quote is not closed in this line'],
  [
    'timezne UTC\n',
    'warning 4 "timezne" is no command of Anaconda: it refuses the whole file (did you mean "timezone"?)',
  ],
])('%j', (text, finding) => {
  const [found = ''] = check(`text\nautopart\nrootpw --lock\n${text}`);
  expect(found).toContain(finding);
});

test('what Anaconda would ask for on the screen is said, unless another file or a person may answer it', () => {
  expect(check('text\n').map((line) => line.slice(0, 60))).toEqual([
    'warning - nothing says where to install to: Anaconda asks on',
    'warning - nothing says who may log in: Anaconda asks on the ',
  ]);
  expect(check('text\n%include /tmp/disk.ks\n')).toEqual([]);
  expect(check('%ksappend http://192.0.2.1/more.ks\n')).toEqual([]);
  expect(check('rescue\n')).toEqual([]);
  expect(check('user --name=a\npart / --size=1\n')).toEqual([]);
});

test('a script of ESXi is let alone: it knows no %end', () => {
  expect(check('vmaccepteula\ninstall --firstdisk\n%firstboot --interpreter=busybox\nesxcli a\n')).toEqual([]);
});

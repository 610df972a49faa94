/** Profiles as people set them: a name for the test, the text, and the text with the node `new` behind the others. */
export const LAYOUTS: readonly (readonly [string, string, string])[] = [
  [
    'two spaces, one node a line',
    '{\n  "nodes": [\n    { "name": "a", "mac": "52:54:00:00:00:01" }\n  ],\n  "root": "x"\n}\n',
    '{\n  "nodes": [\n    { "name": "a", "mac": "52:54:00:00:00:01" },\n    { "name": "new", "mac": "52:54:00:00:00:09" }\n  ],\n  "root": "x"\n}\n',
  ],
  [
    'four spaces, a key a line, CRLF',
    '{\r\n    "nodes": [\r\n        {\r\n            "name": "a",\r\n            "mac": "52:54:00:00:00:01"\r\n        }\r\n    ]\r\n}\r\n',
    '{\r\n    "nodes": [\r\n        {\r\n            "name": "a",\r\n            "mac": "52:54:00:00:00:01"\r\n        },\r\n        {\r\n            "name": "new",\r\n            "mac": "52:54:00:00:00:09"\r\n        }\r\n    ]\r\n}\r\n',
  ],
  [
    'tabs, blanks before the colons',
    '{\n\t"nodes" : [\n\t\t{"name" : "a","uuid" : "c6c30f6a-4a1b-4337-8325-c4c2543ad437"},\n\t\t{"name" : "b","serial" : "x"}\n\t]\n}',
    '{\n\t"nodes" : [\n\t\t{"name" : "a","uuid" : "c6c30f6a-4a1b-4337-8325-c4c2543ad437"},\n\t\t{"name" : "b","serial" : "x"},\n\t\t{"name" : "new","mac" : "52:54:00:00:00:09"}\n\t]\n}',
  ],
  [
    'everything on one line, no blanks',
    '{"nodes":[{"name":"a","mac":"52:54:00:00:00:01"}],"root":"x"}',
    '{"nodes":[{"name":"a","mac":"52:54:00:00:00:01"},{"name":"new","mac":"52:54:00:00:00:09"}],"root":"x"}',
  ],
  [
    'everything on one line, with blanks',
    '{ "nodes": [ { "name": "a", "mac": "52:54:00:00:00:01" } ] }',
    '{ "nodes": [ { "name": "a", "mac": "52:54:00:00:00:01" }, { "name": "new", "mac": "52:54:00:00:00:09" } ] }',
  ],
  [
    'a list that hugs its nodes, a byte order mark',
    '\uFEFF{\n  "nodes": [{\n    "name": "a",\n    "mac": "52:54:00:00:00:01"\n  }, {\n    "name": "b",\n    "mac": "52:54:00:00:00:02"\n  }]\n}\n',
    '\uFEFF{\n  "nodes": [{\n    "name": "a",\n    "mac": "52:54:00:00:00:01"\n  }, {\n    "name": "b",\n    "mac": "52:54:00:00:00:02"\n  }, {\n    "name": "new",\n    "mac": "52:54:00:00:00:09"\n  }]\n}\n',
  ],
  [
    'commas first',
    '{ "root": "x"\n, "nodes":\n  [ { "name": "a", "serial": "1" }\n  , { "name": "b", "serial": "2" }\n  ]\n}\n',
    '{ "root": "x"\n, "nodes":\n  [ { "name": "a", "serial": "1" }\n  , { "name": "b", "serial": "2" }\n  , { "name": "new", "mac": "52:54:00:00:00:09" }\n  ]\n}\n',
  ],
  [
    'letters of many bytes, escapes, a blank line between groups',
    '{\n  "vars": {"city": "Praha \u017d\u00ed\u017ekov \ud834\udd1e", "nodes": [1]},\n  "nodes": [\n    {"name": "a", "serial": "1", "vars": {"k": "\\u0041\\"]}"}},\n    {"name": "b", "serial": "2"},\n\n    {"name": "c", "serial": "3"},\n    {"name": "d", "serial": "4"}\n  ]\n}\n',
    '{\n  "vars": {"city": "Praha \u017d\u00ed\u017ekov \ud834\udd1e", "nodes": [1]},\n  "nodes": [\n    {"name": "a", "serial": "1", "vars": {"k": "\\u0041\\"]}"}},\n    {"name": "b", "serial": "2"},\n\n    {"name": "c", "serial": "3"},\n    {"name": "d", "serial": "4"},\n    {"name": "new", "mac": "52:54:00:00:00:09"}\n  ]\n}\n',
  ],
  [
    'an empty list in a file of lines',
    '{\n\t"nodes": [],\n\t"root": "x"\n}\n',
    '{\n\t"nodes": [\n\t\t{ "name": "new", "mac": "52:54:00:00:00:09" }\n\t],\n\t"root": "x"\n}\n',
  ],
  [
    'an empty list with a line of its own, CRLF',
    '{\r\n  "nodes": [\r\n  ]\r\n}\r\n',
    '{\r\n  "nodes": [\r\n    { "name": "new", "mac": "52:54:00:00:00:09" }\r\n  ]\r\n}\r\n',
  ],
  ['an empty list on one line', '{"nodes":[]}', '{"nodes":[{"name":"new","mac":"52:54:00:00:00:09"}]}'],
  [
    'no nodes yet: two spaces',
    '{\n  "version": "1.2.3",\n  "root": "x"\n}\n',
    '{\n  "version": "1.2.3",\n  "root": "x",\n  "nodes": [\n    { "name": "new", "mac": "52:54:00:00:00:09" }\n  ]\n}\n',
  ],
  [
    'no nodes yet: one key, four spaces, CRLF, no last line end',
    '{\r\n    "version":  "1.2.3"\r\n}',
    '{\r\n    "version":  "1.2.3",\r\n    "nodes":  [\r\n        { "name": "new", "mac": "52:54:00:00:00:09" }\r\n    ]\r\n}',
  ],
  [
    'no nodes yet: one line, and lists inside',
    '{"version":"1.2.3","console":["tty0","ttyS0"]}',
    '{"version":"1.2.3","console":["tty0","ttyS0"],"nodes":[{"name":"new","mac":"52:54:00:00:00:09"}]}',
  ],
  ['an empty object', '{}\n', '{\n  "nodes": [\n    { "name": "new", "mac": "52:54:00:00:00:09" }\n  ]\n}\n'],
  [
    'a node with one key only',
    '{ "nodes": [\n  {"name":"a"}\n] }',
    '{ "nodes": [\n  {"name":"a"},\n  {"name":"new","mac":"52:54:00:00:00:09"}\n] }',
  ],
];

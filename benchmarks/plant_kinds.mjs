// Kinds of faults that programmers make in TypeScript: each gives the edits for a node, or nothing.

/** By name: (node) => edits. `random(limit)` is a seeded whole number below the limit. */
export function makeKinds(ts, checker, random) {
  const pick = (list) => list[random(list.length)];
  const set = (node, text) => ({
    file: node.getSourceFile().fileName,
    start: node.getStart(),
    end: node.getEnd(),
    text,
  });
  const cut = (file, start, end) => ({ file: file.fileName, start, end, text: "" });
  const text = (node) => node.getText();

  function typo(name) {
    const at = 1 + random(Math.max(1, name.length - 1));
    const ways = [
      () => name.slice(0, at) + name.slice(at + 1),
      () => name.slice(0, at) + name[at - 1] + name.slice(at),
      () => (name.endsWith("s") ? name.slice(0, -1) : `${name}s`),
      () =>
        name[0] + name.slice(1, at) + (name[at + 1] ?? "") + (name[at] ?? "") + name.slice(at + 2),
      () =>
        (name[0] === name[0].toUpperCase() ? name[0].toLowerCase() : name[0].toUpperCase()) +
        name.slice(1),
    ];
    return pick(ways)();
  }

  /** Another word for the same thing, as when one side of a rename is forgotten. */
  function renamed(name) {
    const parts = name.split(/(?=[A-Z])/);
    return parts.length > 1
      ? pick([
          parts
            .slice(1)
            .join("")
            .replace(/^./, (x) => x.toLowerCase()),
          parts.slice(0, -1).join(""),
        ])
      : pick([
          `${name}Value`,
          `new${name[0].toUpperCase()}${name.slice(1)}`,
          `${name}Id`,
          `is${name[0].toUpperCase()}${name.slice(1)}`,
        ]);
  }

  function listCut(node, list) {
    const index = list.indexOf(node);
    const file = node.getSourceFile();
    if (index > 0) return cut(file, list[index - 1].getEnd(), node.getEnd());
    return cut(file, node.getStart(), list.length > 1 ? list[1].getStart() : node.getEnd());
  }

  const PRIMITIVE = {
    string: ["number", "boolean"],
    number: ["string", "boolean"],
    boolean: ["string", "number"],
  };

  return {
    "misspelt property": (n) => ts.isPropertyAccessExpression(n) && set(n.name, typo(text(n.name))),
    "other property": (n) => {
      if (!ts.isPropertyAccessExpression(n)) return false;
      const names = checker
        .getPropertiesOfType(checker.getTypeAtLocation(n.expression))
        .map((one) => one.name)
        .filter((one) => /^[a-z]\w*$/i.test(one));
      return names.length > 1 && set(n.name, pick(names));
    },
    "misspelt name": (n) =>
      ts.isIdentifier(n) &&
      ts.isExpression(n.parent) &&
      n.parent.name !== n &&
      set(n, typo(text(n))),
    "other variable": (n) => {
      if (
        !ts.isIdentifier(n) ||
        !(
          ts.isCallExpression(n.parent) ||
          ts.isBinaryExpression(n.parent) ||
          ts.isReturnStatement(n.parent)
        ) ||
        n.parent.expression === n
      )
        return false;
      const names = checker
        .getSymbolsInScope(n, ts.SymbolFlags.Variable)
        .filter((one) => one.valueDeclaration?.getSourceFile() === n.getSourceFile());
      return names.length > 1 && set(n, pick(names).name);
    },
    "renamed member declaration": (n) =>
      (ts.isPropertySignature(n) || ts.isMethodSignature(n)) &&
      ts.isIdentifier(n.name) &&
      set(n.name, renamed(text(n.name))),
    "removed member declaration": (n) =>
      (ts.isPropertySignature(n) || ts.isPropertyDeclaration(n)) &&
      cut(n.getSourceFile(), n.getFullStart(), n.getEnd()),
    "changed parameter type": (n) =>
      ts.isParameter(n) &&
      n.type &&
      text(n.type) in PRIMITIVE &&
      set(n.type, pick(PRIMITIVE[text(n.type)])),
    "changed return type": (n) =>
      ts.isFunctionLike(n) &&
      n.type &&
      text(n.type) in PRIMITIVE &&
      set(n.type, pick(PRIMITIVE[text(n.type)])),
    "changed property type": (n) =>
      (ts.isPropertySignature(n) || ts.isPropertyDeclaration(n)) &&
      n.type &&
      text(n.type) in PRIMITIVE &&
      set(n.type, pick(PRIMITIVE[text(n.type)])),
    "other type name": (n) => {
      if (!ts.isTypeReferenceNode(n)) return false;
      const names = checker
        .getSymbolsInScope(n, ts.SymbolFlags.Type)
        .filter((one) => one.declarations?.[0]?.getSourceFile() === n.getSourceFile());
      return names.length > 1 && set(n.typeName, pick(names).name);
    },
    "narrowed union": (n) =>
      ts.isUnionTypeNode(n) &&
      n.types.length > 1 &&
      set(
        n,
        (() => {
          const gone = pick(n.types);
          return n.types
            .filter((one) => one !== gone)
            .map(text)
            .join(" | ");
        })(),
      ),
    "array dropped from type": (n) => ts.isArrayTypeNode(n) && set(n, text(n.elementType)),
    "optional added": (n) =>
      (ts.isPropertySignature(n) || ts.isParameter(n)) &&
      n.type &&
      !n.questionToken &&
      !n.initializer && { ...set(n.name, `${text(n.name)}?`) },
    "optional dropped": (n) =>
      (ts.isPropertySignature(n) || ts.isParameter(n)) &&
      n.questionToken &&
      set(n.questionToken, ""),
    "import dropped": (n) =>
      ts.isImportDeclaration(n) &&
      n.importClause &&
      cut(n.getSourceFile(), n.getFullStart(), n.getEnd()),
    "import name dropped": (n) =>
      ts.isImportSpecifier(n) && n.parent.elements.length > 1 && listCut(n, [...n.parent.elements]),
    "import name wrong": (n) =>
      ts.isImportSpecifier(n) &&
      !n.propertyName &&
      set(n.name, `${typo(text(n.name))} as ${text(n.name)}`),
    "import path wrong": (n) =>
      ts.isImportDeclaration(n) &&
      set(
        n.moduleSpecifier,
        JSON.stringify(
          typo(n.moduleSpecifier.text.slice(1)).replace(/^/, n.moduleSpecifier.text[0]),
        ),
      ),
    "default for named": (n) =>
      ts.isNamedImports(n) &&
      n.elements.length === 1 &&
      !n.elements[0].propertyName &&
      set(n, text(n.elements[0].name)),
    "property dropped": (n) =>
      (ts.isPropertyAssignment(n) || ts.isShorthandPropertyAssignment(n)) &&
      listCut(n, [...n.parent.properties]),
    "argument dropped": (n) =>
      ts.isCallExpression(n) &&
      n.arguments.length > 0 &&
      listCut(n.arguments.at(-1), [...n.arguments]),
    "first argument dropped": (n) =>
      ts.isCallExpression(n) && n.arguments.length > 1 && listCut(n.arguments[0], [...n.arguments]),
    "argument added": (n) =>
      ts.isCallExpression(n) &&
      n.arguments.length > 0 &&
      set(
        n.arguments.at(-1),
        `${text(n.arguments.at(-1))}, ${pick(["true", "null", "0", '""', text(n.arguments[0])])}`,
      ),
    "arguments swapped": (n) =>
      ts.isCallExpression(n) &&
      n.arguments.length > 1 && [
        set(n.arguments[0], text(n.arguments[1])),
        set(n.arguments[1], text(n.arguments[0])),
      ],
    "parameter dropped": (n) => ts.isParameter(n) && listCut(n, [...n.parent.parameters]),
    "await dropped": (n) => ts.isAwaitExpression(n) && set(n, text(n.expression)),
    "async dropped": (n) =>
      n.kind === ts.SyntaxKind.AsyncKeyword && cut(n.getSourceFile(), n.getStart(), n.getEnd() + 1),
    "chain made plain": (n) =>
      n.kind === ts.SyntaxKind.QuestionDotToken &&
      set(n, ts.isPropertyAccessExpression(n.parent) ? "." : ""),
    "assertion dropped": (n) => ts.isNonNullExpression(n) && set(n, text(n.expression)),
    "default dropped": (n) =>
      ts.isBinaryExpression(n) &&
      n.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken &&
      set(n, text(n.left)),
    "guard dropped": (n) =>
      ts.isIfStatement(n) &&
      !n.elseStatement &&
      cut(n.getSourceFile(), n.getFullStart(), n.getEnd()),
    "conjunct dropped": (n) =>
      ts.isBinaryExpression(n) &&
      n.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken &&
      set(n, text(n.right)),
    "return dropped": (n) =>
      ts.isReturnStatement(n) && n.expression && set(n, text(n).replace(/^return\s+/, "")),
    "return removed": (n) =>
      ts.isReturnStatement(n) &&
      n.expression &&
      cut(n.getSourceFile(), n.getFullStart(), n.getEnd()),
    "conversion dropped": (n) =>
      ts.isCallExpression(n) &&
      ((ts.isIdentifier(n.expression) &&
        ["String", "Number", "Boolean", "BigInt"].includes(n.expression.text) &&
        n.arguments.length === 1 &&
        set(n, text(n.arguments[0]))) ||
        (ts.isPropertyAccessExpression(n.expression) &&
          ["toString", "join", "trim", "slice", "map", "keys", "values", "entries"].includes(
            n.expression.name.text,
          ) &&
          set(n, text(n.expression.expression)))),
    "literal wrong": (n) =>
      ts.isStringLiteral(n) &&
      n.text.length > 2 &&
      !ts.isImportDeclaration(n.parent) &&
      !ts.isExportDeclaration(n.parent) &&
      set(n, JSON.stringify(typo(n.text))),
    "union member renamed": (n) =>
      ts.isLiteralTypeNode(n) &&
      ts.isStringLiteral(n.literal) &&
      n.literal.text.length > 1 &&
      set(n.literal, JSON.stringify(typo(n.literal.text))),
    "enum member renamed": (n) =>
      ts.isEnumMember(n) && ts.isIdentifier(n.name) && set(n.name, renamed(text(n.name))),
    "readonly added": (n) =>
      (ts.isPropertyDeclaration(n) || ts.isPropertySignature(n)) &&
      !n.modifiers?.length &&
      set(n.name, `readonly ${text(n.name)}`),
    "private added": (n) =>
      (ts.isMethodDeclaration(n) || ts.isPropertyDeclaration(n)) &&
      !n.modifiers?.length &&
      ts.isClassLike(n.parent) &&
      set(n.name, `private ${text(n.name)}`),
    "const for let": (n) =>
      ts.isVariableDeclarationList(n) &&
      n.getFirstToken().kind === ts.SyntaxKind.LetKeyword &&
      set(n.getFirstToken(), "const"),
    "this dropped": (n) =>
      ts.isPropertyAccessExpression(n) &&
      n.expression.kind === ts.SyntaxKind.ThisKeyword &&
      set(n, text(n.name)),
    "call dropped": (n) =>
      ts.isCallExpression(n) && n.arguments.length === 0 && set(n, text(n.expression)),
    "new dropped": (n) => ts.isNewExpression(n) && set(n, text(n).replace(/^new\s+/, "")),
    "type assertion dropped": (n) => ts.isAsExpression(n) && set(n, text(n.expression)),
    "case dropped": (n) =>
      ts.isCaseClause(n) &&
      n.statements.length > 0 &&
      cut(n.getSourceFile(), n.getFullStart(), n.getEnd()),
    "export dropped": (n) =>
      n.kind === ts.SyntaxKind.ExportKeyword &&
      cut(n.getSourceFile(), n.getStart(), n.getEnd() + 1),
    "type argument dropped": (n) =>
      ts.isTypeReferenceNode(n) && n.typeArguments?.length && set(n, text(n.typeName)),
    "annotation dropped": (n) =>
      ts.isParameter(n) && n.type && cut(n.getSourceFile(), n.name.getEnd(), n.type.getEnd()),
    "string for number": (n) =>
      ts.isNumericLiteral(n) && !ts.isLiteralTypeNode(n.parent) && set(n, `"${n.text}"`),
    "wrapped in array": (n) =>
      ts.isIdentifier(n) &&
      ts.isCallExpression(n.parent) &&
      n.parent.arguments.includes(n) &&
      set(n, `[${n.text}]`),
    "number for string": (n) =>
      ts.isStringLiteral(n) &&
      (ts.isCallExpression(n.parent) || ts.isPropertyAssignment(n.parent)) &&
      set(n, "1"),
    "token dropped": (n) =>
      [
        ts.SyntaxKind.CloseParenToken,
        ts.SyntaxKind.CloseBraceToken,
        ts.SyntaxKind.CommaToken,
        ts.SyntaxKind.CloseBracketToken,
      ].includes(n.kind) && set(n, ""),
  };
}

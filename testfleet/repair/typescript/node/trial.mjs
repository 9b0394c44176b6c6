// What a change does: which diagnostics are gone, which are new, and how it behaves when it runs.

const MAX_FILES = 25;

export class Trials {
  /** The program as it is now is what changes are compared with. */
  constructor(project, below) {
    this.project = project;
    this.below = below;
    this.raw = this.project.diagnostics();
    this.base = this.raw.map((one) => this.project.describe(one));
    this.surfaces = new Map();
    this.scripts = new Map();
    const files = new Set(this.raw.map((one) => one.file?.fileName).filter(Boolean));
    this.wrong = [...files].slice(0, MAX_FILES);
    this.syntactic = new Map(this.wrong.map((path) => [path, this.#syntax(path)]));
  }

  /** The same for the program that more edits were kept in; `below` leads back. */
  over() {
    return new Trials(this.project, this);
  }

  /** {gone, added, effect}: indices of `base` that are gone, and how many complaints are new. */
  check(edits) {
    const { project } = this;
    const changed = project.edited(edits);
    for (const path of changed.keys()) this.#remember(path);
    return project.within(changed, () => this.#judge([...changed.keys()]));
  }

  #judge(paths) {
    const { project } = this;
    const broken = paths.some((path) => this.#syntax(path) > (this.syntactic.get(path) ?? 0));
    if (broken) return { gone: [], added: 1, effect: "" };
    const looked = new Set([...paths, ...this.wrong]);
    const near = this.#compare(looked);
    if (near.added || !near.gone.length) return { ...near, effect: "" };
    const beyond = paths
      .filter((path) => project.surface(path) !== this.surfaces.get(path))
      .flatMap((path) => project.dependants(path))
      .filter((path) => !looked.has(path));
    const far = beyond.length ? this.#compare(new Set(beyond)) : { gone: [], added: 0 };
    return { gone: [...near.gone, ...far.gone], added: far.added, effect: this.#effect(paths) };
  }

  #compare(files) {
    const { project } = this;
    const names = new Set([...files].map((path) => project.name(path)));
    const before = new Map();
    for (const [index, one] of this.base.entries()) {
      if (!names.has(one.file)) continue;
      if (!before.has(one.key)) before.set(one.key, []);
      before.get(one.key).push(index);
    }
    let added = 0;
    for (const one of project.diagnostics([...files])) {
      const same = before.get(project.describe(one).key);
      if (same?.length) same.pop();
      else added += 1;
    }
    return { gone: [...before.values()].flat(), added };
  }

  #effect(paths) {
    const changed = paths.filter(
      (path) => this.project.javascript(path) !== this.scripts.get(path),
    );
    return changed.length ? this.project.effect(changed) : "types";
  }

  #remember(path) {
    if (this.surfaces.has(path)) return;
    this.surfaces.set(path, this.project.surface(path));
    this.scripts.set(path, this.project.javascript(path));
  }

  #syntax(path) {
    return this.project.service.getSyntacticDiagnostics(path).length;
  }
}

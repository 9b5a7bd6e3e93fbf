/** The package's own types do not describe what its ES module exports. */
declare const htm: {
  bind<Result>(
    create: (type: never, properties: never, ...children: never[]) => Result,
  ): (strings: TemplateStringsArray, ...values: unknown[]) => Result;
};

export default htm;

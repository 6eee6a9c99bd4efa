import { describe, expect, it } from "vitest";
import { ConfigError, helpText, readConfig } from "./config";

const PIN = "A".repeat(43);
const sentence = (words: string[], env: Record<string, string> = {}) => {
  try {
    readConfig(words, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error("it was taken");
};

describe("the agent's settings", () => {
  it("are read from flags, and from the environment where there is no flag", () => {
    const config = readConfig(["--hub", "https://hub.example/", "--name", " edge ", "--allow=view"], { BINNACLE_HUB: "http://other", BINNACLE_PIN: PIN, BINNACLE_NAME: "x", DOCKER_HOST: "tcp://10.0.0.1", BINNACLE_TOKEN: "" });
    expect(config).toMatchObject({ hub: "https://hub.example", pin: PIN, token: null, name: "edge", allow: "view", engine: { flag: null, dockerHost: "tcp://10.0.0.1" } });
  });

  it("allow everything, and take the host's own name, unless told otherwise", () => {
    const config = readConfig([], {});
    expect(config).toMatchObject({ hub: null, pin: null, token: null, allow: "all" });
    expect(config?.name).not.toBe("");
  });

  it("that are wrong get one sentence that names them", () => {
    expect(sentence(["--hbu", "x"])).toContain("--hbu");
    expect(sentence(["positional"])).toContain("positional");
    expect(sentence(["--token"])).toContain("--token");
    expect(sentence(["--pin", "-abc"])).toContain("--pin=VALUE");
    expect(sentence(["--hub", "hub.example:3000"])).toContain("hub.example:3000");
    expect(sentence(["--hub", "ftp://hub.example"])).toContain("http");
    expect(sentence(["--hub", "http://ana:secret@hub.example"])).toContain("password");
    expect(sentence(["--pin", "abc"])).toContain("43");
    expect(sentence(["--allow", "root"])).toContain("view, operate and all");
    expect(sentence(["--docker", "ssh://host"])).toContain("ssh");
    expect(sentence(["--docker", "tcp://host:99999"])).toContain("tcp://host:99999");
    expect(sentence(["--docker", "unix://relative.sock"])).toContain("absolute");
    expect(sentence(["--name", "a\u0007b"])).toContain("control");
    expect(sentence([], { BINNACLE_ALLOW: "some" })).toContain("BINNACLE_ALLOW");
  });

  it("never repeat a token that is wrong", () => {
    expect(sentence(["--token", "canary secret canary secret"])).not.toContain("canary");
  });

  it("are all in the help, with their variables", () => {
    expect(readConfig(["--help"], {})).toBeNull();
    for (const word of ["--hub", "--pin", "--token", "--name", "--docker", "--state-dir", "--allow", "BINNACLE_STATE_DIR"]) expect(helpText()).toContain(word);
  });
});

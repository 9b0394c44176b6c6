import { defineConfig, devices } from "@playwright/test";

export default defineConfig({
  testDir: "./browser",
  retries: 1,
  use: {
    // A Chromium of the machine, e.g. Debian's; without it the one of `playwright install`.
    launchOptions: { executablePath: process.env.PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH },
  },
  projects: [{ name: "chromium", use: { ...devices["Desktop Chrome"] } }],
});

import { expect, test } from "@playwright/test";

test.describe("with the keyboard only", () => {
  test("a price is added", async ({ page }) => {
    await page.goto(new URL("../pages/till.html", import.meta.url).href);
    await page.keyboard.press("Tab");
    await page.keyboard.type("2");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status")).toHaveText("2.00");
    await expect(page.getByLabel("Price")).toBeFocused();
  });

  test.fixme("the total is read aloud", async () => {});
});

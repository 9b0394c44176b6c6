import { expect, test } from "@playwright/test";

test.beforeEach(async ({ page }) => {
  await page.goto(new URL("../pages/till.html", import.meta.url).href);
});

test("adds prices", async ({ page }) => {
  for (const price of ["3.49", "1.2"]) {
    await page.getByLabel("Price").fill(price);
    await page.getByRole("button", { name: "Add" }).click();
  }
  await expect(page.getByRole("status")).toHaveText("4.69");
});

test("refuses what is no amount", async ({ page }) => {
  await page.getByLabel("Price").fill("free");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("status")).toHaveText("0.00");
});

// Jest asks this which of the files that it has found are to run: exactly those of the shard, which
// patterns on the command line could not say.
"use strict";

const { chosenUnits, expectUnit, unitOf } = require("./events.cjs");

module.exports = (files) => {
  const isChosen = chosenUnits();
  const chosen = files.filter((file) => isChosen(unitOf(file)));
  chosen.forEach((file) => expectUnit(unitOf(file)));
  // Up to version 29 Jest maps over objects to get at the paths, from 30 on it takes them as they
  // are.
  const filtered = [...chosen];
  filtered.map = () => chosen;
  return { filtered };
};

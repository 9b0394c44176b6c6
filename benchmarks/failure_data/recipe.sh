#!/bin/sh
# Makes the training data with real tools and trains the embedded model: one command, about half an
# hour on two idle cores, 2 GB of downloads into FOLDER. Needs Node.js 20, Python 3.11, git, make, gcc;
# what else is missing (javac, rustc, psql, chromium) is left out of the data.
#
#   sh benchmarks/failure_data/recipe.sh FOLDER
set -eu
folder=$1
mkdir -p "$folder/data"
install() { # name, packages
  name=$1
  shift
  mkdir -p "$folder/$name"
  (cd "$folder/$name" && { [ -f package.json ] || npm init -y > /dev/null; } &&
    npm install --no-audit --no-fund --silent "$@")
}
install js17 jest@26 babel-jest@26 @testing-library/react@12 react@17 react-dom@17 \
  react-test-renderer@17 @babel/preset-env@7 @babel/preset-react@7 typescript@4.5 mocha@8 jsdom@16
install js18 jest@29 babel-jest@29 jest-environment-jsdom@29 @testing-library/react@14 react@18 \
  react-dom@18 react-test-renderer@18 @babel/preset-env@7 @babel/preset-react@7 typescript@5.4 \
  vitest@1 mocha@10 jsdom@22
install js19 jest@30 jest-environment-jsdom@30 @testing-library/react@16 @testing-library/dom@10 \
  react@19 react-dom@19 @babel/preset-env@7 @babel/preset-react@7 typescript@5.8 vitest@3 mocha@11 \
  jsdom@26
install more jest@29 babel-jest@29 @playwright/test@1.44
for major in 6 7 8; do
  [ -d "$folder/py$major" ] || python3 -m venv "$folder/py$major"
  "$folder/py$major/bin/pip" install --quiet "pytest==$major.*" pytest-asyncio pytest-timeout
done
[ -d "$folder/train" ] || python3 -m venv "$folder/train"
"$folder/train/bin/pip" install --quiet -r requirements.txt scikit-learn==1.9.1 scipy==1.17.1
python="$folder/train/bin/python"
"$python" -m benchmarks.failure_data.real "$folder" "$folder/data/real.jsonl"
"$python" -m benchmarks.failure_data.mined "$folder" "$folder/data/mined.jsonl"
"$python" -m benchmarks.failure_data.train "$folder/data" --final --logs 1900 \
  --out "$folder/model/words.bin"
# With labelled failures of public projects at hand:
#   "$python" -m benchmarks.failure_data.calibrate FILE.jsonl --table "$folder/model/words.bin"
echo "compare, then copy $folder/model/* to testfleet/triage/model/"

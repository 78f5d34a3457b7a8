# The commands a newcomer needs. Each installs what it needs first, and only once.

PORT ?= 8000
# A test also waits, for a server or a page: two cores have time for four.
WORKERS ?= 4
BIN := .venv/bin
INSTALLED := .venv/installed
BOOK_INSTALLED := .venv/book-installed
PROXY := .venv/proxy
HUB := .venv-hub
HUB_INSTALLED := $(HUB)/installed

# Where TLS is inspected, only the system knows the authority that signs; uv has its own unless told.
export UV_SYSTEM_CERTS ?= true

.PHONY: help lab run quick compiled test matrix soak proof drill bench book slides offline hub notebooks lock

help:
	@echo "make lab [COURSE=pt-br|en]   open the course in JupyterLab / abre o curso no JupyterLab"
	@echo "         [PROJECTOR=1]       ... larger, for a room / ... maior, para uma sala"
	@echo "make run [PORT=8000]         run the finished project / roda o projeto pronto"
	@echo "make test [LESSON=05-asgi]   check everything / confere tudo"
	@echo "make quick                   what takes seconds of it / o que leva segundos"
	@echo "make matrix [WITH=...]       the lessons under other versions / as lições com outras versões"
	@echo "make soak [RUNS=10]          does it always say the same? / o resultado é sempre o mesmo?"
	@echo "make proof                   the chat's long trials / as provas longas do chat"
	@echo "make drill [FAULT=...]       break what is around the chat / quebra o que está em volta do chat"
	@echo "make bench                   measure the chat beside its peers / mede o chat ao lado dos pares"
	@echo "make book                    both languages as a site / as duas línguas como um site"
	@echo "make slides                  the lessons for the wall / as lições para a parede"
	@echo "make offline                 one file for a room without internet / um arquivo para a sala sem internet"
	@echo "make hub                     one machine for the room / uma máquina para a sala"
	@echo "make notebooks [LESSON=...]  run lessons again, keep their outputs, export the project"
	@echo "make lock                    choose newer versions of the dependencies"

lab: $(INSTALLED)
	@$(BIN)/python -m lab start $(if $(COURSE),--course $(COURSE)) $(if $(PROJECTOR),--projector) -- $(JUPYTER)

run: $(INSTALLED)
	@$(BIN)/python -m lab run --port $(PORT)

quick: $(INSTALLED)
	@$(BIN)/python -m lab test --quick

# Else each process of a run compiles the same again: hundreds import lab, and write nothing compiled.
test proof soak: export PYTHONDONTWRITEBYTECODE :=
compiled: $(INSTALLED)
	@$(BIN)/python -m compileall -q lab

test: compiled $(PROXY)
	@$(BIN)/python -m lab test $(LESSON) --workers $(WORKERS) $(if $(JUNIT),--junit "$(JUNIT)")

matrix: $(INSTALLED)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group matrix
	rm -rf reports/matrix
	LESSON="$(LESSON)" WITH="$(WITH)" BASELINE="$(BASELINE)" $(BIN)/python -m nox --sessions $(if $(WITH),candidate,lessons) table

soak: compiled $(PROXY)
	$(BIN)/python -m regression soak $(if $(RUNS),--runs $(RUNS)) $(FILES)

# What is measured while it runs, or has many clients; the report says what they found.
ALONE := $(addprefix tests/test_,$(addsuffix .py,protocol_properties crashes old_page stopped_reader two_at_once))

proof: $(INSTALLED) $(BOOK_INSTALLED) $(PROXY) compiled
	PROOF=full $(BIN)/python -m pytest -rP $(ALONE)
	PROOF=full $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --nbval \
	  notebooks tests $(addprefix --ignore=,$(ALONE)) $(if $(JUNIT),--junit-xml="$(JUNIT)")

drill: $(INSTALLED)
	@$(BIN)/python -m drill $(FAULT) $(if $(MINUTES),--minutes $(MINUTES))

bench: $(INSTALLED)
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r benchmarks/requirements.txt
	$(BIN)/python -m pytest -q benchmarks
	$(BIN)/python -m benchmarks $(BENCH)

book: $(BOOK_INSTALLED)
	@$(BIN)/python -m book

slides: $(BOOK_INSTALLED)
	@$(BIN)/python -m book slides

# The course as it is committed, with the packages for this system and this Python, the book and the
# slides; setuptools installs lab.
offline: book slides
	@rm -rf build/offline && mkdir -p build/offline
	@git clone --quiet --depth 1 "file://$(CURDIR)" build/offline/course
	@git -C build/offline/course remote remove origin
	@mkdir build/offline/course/build && cp -r build/book build/slides build/offline/course/build
	@grep -v "^-e" requirements.txt > build/offline/packages.txt
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --only-binary :all: \
	  -r build/offline/packages.txt setuptools -d build/offline/course/wheels
	@tar -czf build/course-offline.tar.gz -C build/offline course
	@rm -rf build/offline
	@ls -sh build/course-offline.tar.gz
	@echo "build/book/index.html, build/slides/index.html: in it, too / também estão dentro dele"

# lab is copied into the hub's packages: so each learner's course is the folder that they work in.
hub: $(HUB_INSTALLED)
ifdef FORGET
	@$(HUB)/bin/python deploy/hub/forget_password.py "$(FORGET)"
else
	@$(BIN)/uv pip install --quiet --python $(HUB)/bin/python --no-deps --reinstall-package websockets-with-channels .
	@PATH="$(CURDIR)/$(HUB)/bin:$$PATH" $(HUB)/bin/jupyterhub --config deploy/hub/jupyterhub_config.py
endif

notebooks: $(INSTALLED)
	$(BIN)/python -m lab execute $(LESSON)
	$(BIN)/python -m lab export

# One version of each package for all Pythons, the one that the stored outputs were made with.
LOCK := --universal --fork-strategy fewest --python-version 3.11 --no-emit-index-url --quiet \
	--custom-compile-command "make lock"

lock: $(INSTALLED)
	echo "--editable ." | $(BIN)/uv pip compile - $(LOCK) --upgrade --output-file requirements.txt
	grep -v "^-e " requirements.txt | $(BIN)/uv pip compile --group pyproject.toml:runtime \
	  --constraint - $(LOCK) --output-file deploy/requirements.txt
	grep -v "^-e " requirements.txt | $(BIN)/uv pip compile --group pyproject.toml:bench \
	  --constraint - $(LOCK) --output-file benchmarks/requirements.txt
	grep -v "^-e " requirements.txt | $(BIN)/uv pip compile --group pyproject.toml:book \
	  --constraint - $(LOCK) --output-file book/requirements.txt
	grep -v "^-e " requirements.txt | $(BIN)/uv pip compile --group pyproject.toml:proxy \
	  --constraint - $(LOCK) --output-file tests/proxy-requirements.txt
	grep -v "^-e " requirements.txt | $(BIN)/uv pip compile --group pyproject.toml:hub \
	  --constraint - $(LOCK) --output-file deploy/hub/requirements.txt

# The first Python of at least 3.11 under its usual names, or nothing.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

$(INSTALLED): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { \
	  echo "Instale o Python 3.11 ou mais novo e rode de novo: não achei nenhum aqui."; \
	  echo "Install Python 3.11 or newer and run this again: I found none here."; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "Falta o módulo venv do Python (no Debian e no Ubuntu: apt install python3-venv)."; \
	  echo "Python's venv module is missing (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.txt)"
	$(BIN)/uv pip sync --compile-bytecode --python $(BIN)/python requirements.txt
	@$(BIN)/python -c 'import matplotlib.pyplot'  # makes its font cache now, not during a lesson
	@touch $@

# What the site is built with; its npm comes from PyPI, with the rest.
$(BOOK_INSTALLED): $(INSTALLED) book/requirements.txt book/package-lock.json
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python \
	  -r book/requirements.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix book --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Apart from the course's packages: its JupyterLab is not to be a proxy.
$(PROXY): $(INSTALLED) tests/proxy-requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --target $@ -r tests/proxy-requirements.txt
	@touch $@

# The proxy's npm comes from PyPI too.
$(HUB_INSTALLED): $(INSTALLED) deploy/hub/requirements.txt deploy/hub/package-lock.json
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(HUB)
	grep -v "^-e" requirements.txt | $(BIN)/uv pip install --quiet --compile-bytecode --python $(HUB)/bin/python \
	  -r - -r deploy/hub/requirements.txt
	$(BIN)/uv pip install --quiet --python $(HUB)/bin/python --no-deps .
	PATH="$(CURDIR)/$(HUB)/bin:$$PATH" npm ci --prefix deploy/hub --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Included by the Makefile.
.PHONY: addon eif pcrs run-enclave key-policy release templates test-enclave test-vsock endurance
IMAGE_DIR := .strongroom/image
SOURCE = node --conditions=source --no-warnings
IMAGE_TOOL = $(SOURCE) scripts/enclave-image/
EMULATION = $(SOURCE) local-twin/emulation/
# AWS's tool where it is; elsewhere, and for the emulated ground's own image, QEMU.
ON_NITRO = $(if $(EMULATION_KMS_CA),,$(shell command -v nitro-cli))

addon: install ## the AF_VSOCK addon, where parent and enclave run over vsock
	@node shared/native/build.ts

eif: install ## the enclave image of a deployment: make eif CONFIG=<measured configuration>
	@$(if $(ON_NITRO),$(IMAGE_TOOL)build-eif.ts,$(EMULATION)build-image.ts) --configuration "$(CONFIG)" --out $(IMAGE_DIR) $(addprefix --emulation-kms-ca ,$(EMULATION_KMS_CA))

pcrs: eif ## its measurements, which anybody can compute: make pcrs CONFIG=<measured configuration>

run-enclave: install ## starts the image that `make eif` built: on Nitro, elsewhere on QEMU
	@$(if $(filter-out %/enclave.eif,$(firstword $(wildcard $(IMAGE_DIR)/enclave.eif $(IMAGE_DIR)/enclave-emulation-only.eif))),$(EMULATION)run-image.ts,$(IMAGE_TOOL)run-enclave.ts) $(IMAGE_DIR)

key-policy: install ## the key policy to put: make key-policy CONFIG=... PCRS="new.json old.json" [STATE=genesis] [RETIRED="1 2"]
	@$(IMAGE_TOOL)key-policy.ts --configuration "$(CONFIG)" $(addprefix --pcrs ,$(PCRS)) $(addprefix --state ,$(STATE)) $(addprefix --retired ,$(RETIRED))

release: install ## what the parent instance installs, with the image that `make eif` built
	@$(IMAGE_TOOL)release.ts --image $(IMAGE_DIR) --out .strongroom/strongroom.tar.gz

templates: install ## the CloudFormation templates, into .strongroom/deploy
	@$(SOURCE) deploy/cloudformation/synthesize.ts .strongroom/deploy

test-enclave: install ## levels A, B and C on QEMU, image and deployment, one file of test-vsock; the first run builds QEMU
	@vitest run --config local-twin/emulation/vitest.config.ts

test-vsock: install ## the laptop's whole end-to-end suite, its enclave in a guest behind AF_VSOCK
	@vitest run --config local-twin/emulation/vitest.e2e.config.ts

endurance: install ## signs at full rate on level C in 640 MiB, and fails if memory grows: make endurance [MINUTES=10]
	@$(EMULATION)endurance.ts --minutes $(or $(MINUTES),10)

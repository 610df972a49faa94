flatcar/amd64/4593.2.5/flatcar_production_image.bin.bz2.sig

"""The objects of a tenant on Kubernetes. Pure: settings in, plain data out.

model       what the objects follow from
reference   the reference tenant of manifests/ and cnp/, which is patched as data
"""

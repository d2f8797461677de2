#!/bin/sh
# An S3 store on this machine: SeaweedFS, listening on loopback alone. Who may come in stands in AWS_ACCESS_KEY_ID and
# AWS_SECRET_ACCESS_KEY. Usage: s3.sh FOLDER PORT; it takes the seven ports after PORT for its own parts.
set -e
folder=$1 port=$2
mkdir -p "$folder"
exec weed -logtostderr=true -v=-1 server -dir="$folder" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
    -s3 -s3.port="$port" -s3.port.grpc=$((port + 1)) -s3.port.iceberg=0 -s3.port.lance=0 \
    -filer -filer.port=$((port + 2)) -filer.port.grpc=$((port + 3)) \
    -master.port=$((port + 4)) -master.port.grpc=$((port + 5)) -master.volumeSizeLimitMB=256 \
    -volume.port=$((port + 6)) -volume.port.grpc=$((port + 7)) -volume.max=100 -volume.preStopSeconds=0

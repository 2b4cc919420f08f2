//! The objects of the double: a map under one lock, so that a condition is checked and met in one step.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use loggia::model::Digest;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, BucketLocationConstraint, BucketVersioningStatus,
    CommonPrefix, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, ETag, ETagCondition,
    GetBucketEncryptionInput, GetBucketEncryptionOutput, GetBucketLocationInput, GetBucketLocationOutput,
    GetBucketVersioningInput, GetBucketVersioningOutput, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectsV2Input, ListObjectsV2Output, Metadata, MultipartUpload, Object,
    PutObjectInput, PutObjectOutput, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, StreamingBlob, Timestamp, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::BUCKET;

/// What is in it, shared with whoever looks from outside.
pub(super) type Objects = Arc<Mutex<BTreeMap<String, Stored>>>;

#[derive(Clone, Default)]
pub(super) struct Bucket {
    pub(super) objects: Objects,
    uploads: Arc<Mutex<BTreeMap<String, Upload>>>,
    careless: bool,
}

#[derive(Clone)]
pub(super) struct Stored {
    bytes: Bytes,
    /// So many zeros in place of the bytes: an object that is larger than a test may hold.
    sparse: Option<u64>,
    etag: String,
    media_type: Option<String>,
    metadata: Option<Metadata>,
    modified: Timestamp,
}

/// An object that comes in parts.
#[derive(Default)]
struct Upload {
    key: String,
    begun: Option<SystemTime>,
    parts: BTreeMap<i32, Bytes>,
    media_type: Option<String>,
    metadata: Option<Metadata>,
}

/// The most zeros that are made at a time.
const MOST_ZEROS: u64 = 64 << 20;

impl Stored {
    /// An object of `size` zeros that takes no room.
    pub(super) fn zeros(size: u64) -> Self {
        let etag = format!("{size:032x}");
        Self { sparse: Some(size), etag, ..Self::by_others(Bytes::new(), 0) }
    }

    fn size(&self) -> u64 {
        self.sparse.unwrap_or(self.bytes.len() as u64)
    }

    fn slice(&self, range: std::ops::Range<u64>) -> Bytes {
        let at = |position: u64| usize::try_from(position).unwrap();
        if self.sparse.is_some() {
            assert!(range.end - range.start <= MOST_ZEROS, "all of a sparse object was asked for");
            return Bytes::from(vec![0; at(range.end - range.start)]);
        }
        self.bytes.slice(at(range.start)..at(range.end))
    }

    /// Bytes that somebody else put there, `later` by so many seconds than others.
    pub(super) fn by_others(bytes: Bytes, later: u64) -> Self {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + later);
        Self {
            etag: Digest::of(&bytes).to_string()[..32].to_owned(),
            bytes,
            sparse: None,
            media_type: None,
            metadata: None,
            modified: Timestamp::from(modified),
        }
    }
}

impl Bucket {
    pub(super) fn careless() -> Self {
        Self { careless: true, ..Self::default() }
    }

    fn find(&self, bucket: &str, key: &str) -> S3Result<Stored> {
        known(bucket)?;
        self.objects.lock().unwrap().get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
    }
}

fn known(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
}

fn holds(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.value() == etag,
    }
}

#[async_trait::async_trait]
impl S3 for Bucket {
    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        known(&req.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn get_bucket_location(
        &self,
        _req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        let region = BucketLocationConstraint::from_static(BucketLocationConstraint::EU_WEST_1);
        let location_constraint = Some(region);
        Ok(S3Response::new(GetBucketLocationOutput { location_constraint }))
    }

    async fn get_bucket_versioning(
        &self,
        _req: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let status = Some(BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED));
        Ok(S3Response::new(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() }))
    }

    async fn get_bucket_encryption(
        &self,
        _req: S3Request<GetBucketEncryptionInput>,
    ) -> S3Result<S3Response<GetBucketEncryptionOutput>> {
        let algorithm = ServerSideEncryption::from_static(ServerSideEncryption::AES256);
        let by_default = ServerSideEncryptionByDefault { kms_master_key_id: None, sse_algorithm: algorithm };
        let rule = ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(by_default),
            ..ServerSideEncryptionRule::default()
        };
        let server_side_encryption_configuration =
            Some(ServerSideEncryptionConfiguration { rules: vec![rule] });
        Ok(S3Response::new(GetBucketEncryptionOutput { server_side_encryption_configuration }))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let stored = self.find(&req.input.bucket, &req.input.key)?;
        if req.input.if_match.is_some_and(|condition| !holds(&condition, &stored.etag)) {
            return Err(s3_error!(PreconditionFailed));
        }
        if req.input.if_none_match.is_some_and(|condition| holds(&condition, &stored.etag)) {
            return Err(s3_error!(NotModified));
        }
        let size = stored.size();
        let mut content_range = None;
        let mut asked = 0..size;
        if let Some(range) = req.input.range {
            asked = range.check(size).map_err(|_| s3_error!(InvalidRange))?;
            content_range = Some(format!("bytes {}-{}/{size}", asked.start, asked.end - 1));
        }
        let bytes = stored.slice(asked);
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(i64::try_from(bytes.len()).unwrap()),
            content_range,
            body: Some(StreamingBlob::from(s3s::Body::from(bytes))),
            e_tag: Some(ETag::Strong(stored.etag)),
            content_type: stored.media_type,
            metadata: stored.metadata,
            last_modified: Some(stored.modified),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let stored = self.find(&req.input.bucket, &req.input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(i64::try_from(stored.size()).unwrap()),
            e_tag: Some(ETag::Strong(stored.etag)),
            content_type: stored.media_type,
            metadata: stored.metadata,
            last_modified: Some(stored.modified),
            ..HeadObjectOutput::default()
        }))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = req.input;
        known(&input.bucket)?;
        let mut bytes = BytesMut::new();
        if let Some(mut body) = input.body {
            while let Some(chunk) = body.next().await {
                bytes.extend_from_slice(&chunk.map_err(|_| s3_error!(IncompleteBody))?);
            }
        }
        let bytes = bytes.freeze();
        let stored = Stored {
            // As on S3, equal bytes have equal etags.
            etag: Digest::of(&bytes).to_string()[..32].to_owned(),
            bytes,
            sparse: None,
            media_type: input.content_type,
            metadata: input.metadata,
            modified: moment(),
        };
        let mut objects = self.objects.lock().unwrap();
        if !self.careless {
            let held = objects.get(&input.key);
            match (input.if_match, held) {
                (Some(_), None) => return Err(s3_error!(NoSuchKey)),
                (Some(condition), Some(held)) if !holds(&condition, &held.etag) => {
                    return Err(s3_error!(PreconditionFailed));
                }
                _ => {}
            }
            if let (Some(condition), Some(held)) = (input.if_none_match, held)
                && holds(&condition, &held.etag)
            {
                return Err(s3_error!(PreconditionFailed));
            }
        }
        let etag = ETag::Strong(stored.etag.clone());
        objects.insert(input.key, stored);
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(etag), ..PutObjectOutput::default() }))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        known(&req.input.bucket)?;
        let mut uploads = self.uploads.lock().unwrap();
        let id = format!("upload-{}-{}", uploads.len(), loggia::model::Entropy::system().secret());
        let (media_type, metadata) = (req.input.content_type, req.input.metadata);
        let (key, begun) = (req.input.key, Some(now()));
        uploads.insert(id.clone(), Upload { key, begun, media_type, metadata, ..Upload::default() });
        let upload_id = Some(id);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            upload_id,
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let mut bytes = BytesMut::new();
        if let Some(mut body) = req.input.body {
            while let Some(chunk) = body.next().await {
                bytes.extend_from_slice(&chunk.map_err(|_| s3_error!(IncompleteBody))?);
            }
        }
        let bytes = bytes.freeze();
        let e_tag = Some(ETag::Strong(Digest::of(&bytes).to_string()[..32].to_owned()));
        let mut uploads = self.uploads.lock().unwrap();
        let upload = uploads.get_mut(&req.input.upload_id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        upload.parts.insert(req.input.part_number, bytes);
        Ok(S3Response::new(UploadPartOutput { e_tag, ..UploadPartOutput::default() }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        let mut uploads = self.uploads.lock().unwrap();
        let mut objects = self.objects.lock().unwrap();
        if !uploads.contains_key(&input.upload_id) {
            return Err(s3_error!(NoSuchUpload));
        }
        if let (Some(condition), Some(held)) = (input.if_none_match, objects.get(&input.key))
            && holds(&condition, &held.etag)
        {
            return Err(s3_error!(PreconditionFailed));
        }
        let upload = uploads.remove(&input.upload_id).unwrap_or_default();
        let named = input.multipart_upload.and_then(|named| named.parts).unwrap_or_default();
        let numbers: Vec<i32> = named.iter().filter_map(|part| part.part_number).collect();
        if !numbers.iter().eq(upload.parts.keys()) {
            return Err(s3_error!(InvalidPart));
        }
        let bytes = upload.parts.values().fold(BytesMut::new(), |mut all, part| {
            all.extend_from_slice(part);
            all
        });
        let etag = format!("{}-{}", &Digest::of(&bytes).to_string()[..32], numbers.len());
        let (media_type, metadata) = (upload.media_type, upload.metadata);
        let stored = Stored {
            bytes: bytes.freeze(),
            sparse: None,
            etag: etag.clone(),
            media_type,
            metadata,
            modified: moment(),
        };
        objects.insert(input.key, stored);
        let e_tag = Some(ETag::Strong(etag));
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            e_tag,
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        // Two a page, so that whoever lists them has to turn it.
        let prefix = req.input.prefix.unwrap_or_default();
        let after = req.input.upload_id_marker.unwrap_or_default();
        let uploads = self.uploads.lock().unwrap();
        let rest = uploads.iter().filter(|(id, upload)| **id > after && upload.key.starts_with(&prefix));
        let all: Vec<MultipartUpload> = rest
            .map(|(id, upload)| MultipartUpload {
                key: Some(upload.key.clone()),
                upload_id: Some(id.clone()),
                initiated: upload.begun.map(Timestamp::from),
                ..MultipartUpload::default()
            })
            .collect();
        let more = all.len() > 2;
        let page: Vec<MultipartUpload> = all.into_iter().take(2).collect();
        let last = page.last().cloned();
        Ok(S3Response::new(ListMultipartUploadsOutput {
            is_truncated: Some(more),
            next_key_marker: last.as_ref().and_then(|last| last.key.clone()),
            next_upload_id_marker: last.and_then(|last| last.upload_id),
            uploads: Some(page),
            ..ListMultipartUploadsOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let gone = self.uploads.lock().unwrap().remove(&req.input.upload_id);
        gone.ok_or_else(|| s3_error!(NoSuchUpload))?;
        let output = AbortMultipartUploadOutput::default();
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        known(&req.input.bucket)?;
        self.objects.lock().unwrap().remove(&req.input.key);
        Ok(S3Response::with_status(DeleteObjectOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        known(&input.bucket)?;
        let prefix = input.prefix.unwrap_or_default();
        let page = usize::try_from(input.max_keys.unwrap_or(1000)).unwrap().min(1000);
        let (mut contents, mut folders) = (Vec::new(), Vec::new());
        let (mut last, mut more) = (None::<String>, None);
        for (key, stored) in self.objects.lock().unwrap().range(prefix.clone()..) {
            let Some(rest) = key.strip_prefix(&prefix) else { break };
            let folder = input.delimiter.as_ref().and_then(|delimiter| rest.find(delimiter.as_str()));
            let entry = folder.map_or(key.as_str(), |slash| &key[..=prefix.len() + slash]);
            let seen = input.continuation_token.as_deref().is_some_and(|token| entry <= token);
            if seen || last.as_deref() == Some(entry) {
                continue;
            }
            if contents.len() + folders.len() == page {
                more.clone_from(&last);
                break;
            }
            let encode = |text: &str| encoded(text, input.encoding_type.is_some());
            if folder.is_some() {
                folders.push(CommonPrefix { prefix: Some(encode(entry)) });
            } else {
                contents.push(Object {
                    key: Some(encode(entry)),
                    e_tag: Some(ETag::Strong(stored.etag.clone())),
                    size: Some(i64::try_from(stored.size()).unwrap()),
                    last_modified: Some(stored.modified.clone()),
                    ..Object::default()
                });
            }
            last = Some(entry.to_owned());
        }
        Ok(S3Response::new(ListObjectsV2Output {
            encoding_type: input.encoding_type,
            is_truncated: Some(more.is_some()),
            next_continuation_token: more,
            contents: Some(contents),
            common_prefixes: Some(folders),
            ..ListObjectsV2Output::default()
        }))
    }
}

/// A key as it is written for those who ask for URLs: a space is a plus, and slashes stay.
fn encoded(key: &str, asked: bool) -> String {
    if !asked {
        return key.to_owned();
    }
    let parts =
        key.split('/').map(|part| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>());
    parts.collect::<Vec<_>>().join("/")
}

/// When an upload begins.
fn now() -> SystemTime {
    let seconds = loggia::model::Clock::system().now().as_second();
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap())
}

/// A moment; which one does not matter.
fn moment() -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}
